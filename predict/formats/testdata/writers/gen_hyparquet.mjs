// hyparquet-writer writes Parquet.
import { writeFileSync } from 'node:fs'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { out, rows, column, probs, pairs } from './data.mjs'

const write = (name, columnData, options = {}) => {
  writeFileSync(`${out}/hyparquet_${name}.parquet`, new Uint8Array(parquetWriteBuffer({ columnData, ...options })))
}
const flat = (type, encoding) => [
  { name: 'id', data: column('id').map(BigInt), type: 'INT64' }, { name: 'label', data: column('label'), type: 'STRING' },
  { name: 'code', data: column('code'), type: 'INT32' },
  ...['p_cat', 'p_dog', 'p_owl'].map(name => ({ name, data: column(name), type, encoding }))]
write('double', flat('DOUBLE'))
write('float', flat('FLOAT'), { codec: 'UNCOMPRESSED' })
write('float_split', flat('FLOAT', 'BYTE_STREAM_SPLIT'))
write('double_split', flat('DOUBLE', 'BYTE_STREAM_SPLIT'))
write('float_plain', flat('FLOAT', 'PLAIN'))
write('groups', flat('DOUBLE'), { rowGroupSize: [3, 17] })
write('pages', flat('DOUBLE'), { pageSize: 40 })
write('guessed', [...['id', 'label', 'code', 'p_cat', 'p_dog', 'p_owl'].map(name => ({ name, data: column(name) }))])
const f16 = ['p_cat', 'p_dog'].map(name => ({ name, data: column(name), type: 'FLOAT16' }))
write('half', [{ name: 'label', data: column('label'), type: 'STRING' }, ...f16])
write('delta', [{ name: 'id', data: column('id').map(BigInt), type: 'INT64', encoding: 'DELTA_BINARY_PACKED' },
  { name: 'label', data: column('label').map(x => x ?? ''), type: 'STRING', encoding: 'DELTA_BYTE_ARRAY' }, { name: 'code', data: column('code'), type: 'INT32', encoding: 'DELTA_BINARY_PACKED' }])
const list = [{ name: 'root', num_children: 2 }, { name: 'label', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
  { name: 'probs', repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' }, { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  { name: 'element', type: 'FLOAT', repetition_type: 'OPTIONAL' }]
write('list', [{ name: 'label', data: column('label') }, { name: 'probs', data: rows.map(probs) }], { schema: list })
const nested = [{ name: 'root', num_children: 2 }, list[1],
  { name: 'predicted_label_probs', repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' }, { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  { name: 'element', repetition_type: 'OPTIONAL', num_children: 2 }, { name: 'label', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
  { name: 'prob', type: 'DOUBLE', repetition_type: 'OPTIONAL' }]
write('pairs', [{ name: 'label', data: column('label') }, { name: 'predicted_label_probs', data: rows.map(pairs) }], { schema: nested })
