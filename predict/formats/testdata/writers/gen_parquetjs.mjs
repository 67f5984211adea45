// @dsnp/parquetjs writes Parquet.
import parquet from '@dsnp/parquetjs'
import { out, rows, probs, pairs } from './data.mjs'

const write = async (name, fields, row, options = {}) => {
  const w = await parquet.ParquetWriter.openFile(new parquet.ParquetSchema(fields), `${out}/parquetjs_${name}.parquet`, options)
  if (options.rowGroupSize) w.setRowGroupSize(options.rowGroupSize)
  for (const r of rows) await w.appendRow(row(r))
  await w.close()
}
const present = r => Object.fromEntries(Object.entries(r).filter(([, x]) => x !== null))
const flat = (type, compression, encoding) => {
  const f = { id: { type: 'INT64', compression }, label: { type: 'UTF8', optional: true, compression }, code: { type: 'INT32', optional: true, compression } }
  for (const p of ['p_cat', 'p_dog', 'p_owl']) f[p] = { type, compression }
  if (encoding) f.code.encoding = encoding
  return f
}
for (const compression of ['UNCOMPRESSED', 'SNAPPY'])
  for (const useDataPageV2 of [false, true])
    await write(`${compression.toLowerCase()}_v${useDataPageV2 ? 2 : 1}`, flat('DOUBLE', compression), present, { useDataPageV2 })
for (const useDataPageV2 of [false, true]) {
  const v = useDataPageV2 ? '_v2' : '_v1'
  await write('float' + v, flat('FLOAT', 'SNAPPY'), present, { useDataPageV2, rowGroupSize: 9 })
  await write('rle' + v, { label: { type: 'UTF8', optional: true }, code: { type: 'INT32', optional: true, encoding: 'RLE', typeLength: 2 } }, r => present({ label: r.label, code: r.code }), { useDataPageV2 })
  await write('repeated' + v, { label: { type: 'UTF8', optional: true }, probs: { type: 'DOUBLE', repeated: true } }, r => present({ label: r.label, probs: probs(r) }), { useDataPageV2 })
  await write('pairs' + v, { label: { type: 'UTF8', optional: true }, predicted_label_probs: { repeated: true, fields: { label: { type: 'UTF8' }, prob: { type: 'DOUBLE' } } } },
    r => present({ label: r.label, predicted_label_probs: pairs(r) }), { useDataPageV2 })
}
