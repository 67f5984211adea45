// Apache Arrow for JavaScript writes IPC files and streams; parquet-wasm, which is
// the Rust library, writes Parquet of them.
import { writeFileSync } from 'node:fs'
import * as a from 'apache-arrow'
import * as w from 'parquet-wasm/node'
import { out, rows, column, probs, pairs } from './data.mjs'

const vector = (values, type) => a.vectorFromArray(values, type)
const text = new a.Utf8()
const flat = (float, label = text, code = new a.Int32()) => ({
  id: vector(column('id').map(BigInt), new a.Int64()), label: vector(column('label'), label), code: vector(column('code'), code),
  p_cat: vector(column('p_cat'), float), p_dog: vector(column('p_dog'), float), p_owl: vector(column('p_owl'), float),
})
const lists = type => ({ label: vector(column('label'), text), probs: vector(rows.map(probs), type) })
const double = new a.Float64(), float = new a.Float32()
const pair = new a.Struct([new a.Field('label', text, true), new a.Field('prob', double, true)])
const tables = {
  double: flat(double),
  float: flat(float),
  mixed: { label: vector(column('label'), text), code: vector(column('code'), new a.Int8()), p_cat: vector(column('p_cat'), double), p_dog: vector(column('p_dog'), float) },
  dictionary: flat(double, new a.Dictionary(text, new a.Int8())),
  large: flat(double, new a.LargeUtf8()),
  list: lists(new a.List(new a.Field('item', double, true))),
  list_float: lists(new a.List(new a.Field('item', float, false))),
  fixed_list: lists(new a.FixedSizeList(3, new a.Field('item', float, true))),
  pairs: { label: vector(column('label'), text), predicted_label_probs: vector(rows.map(pairs), new a.List(new a.Field('item', pair, true))) },
  pairs_dictionary: { label: vector(column('label'), text), predicted_label_probs: vector(rows.map(pairs), new a.List(new a.Field('item', new a.Struct([
    new a.Field('label', new a.Dictionary(text, new a.Int8()), true), new a.Field('prob', float, true)]), true))) },
  struct: { label: vector(column('label'), text), probs: vector(rows.map(r => ({ cat: r.p_cat, dog: r.p_dog })), new a.Struct([new a.Field('cat', double), new a.Field('dog', double)])) },
}
tables.view = flat(double, new a.Utf8View())
const batches = t => { // three record batches
  const cut = [[0, 7], [7, 23], [23, 40]].map(([i, j]) => t.slice(i, j))
  return cut[0].concat(cut[1], cut[2])
}
for (const [name, columns] of Object.entries(tables)) {
  const t = new a.Table(columns)
  writeFileSync(`${out}/arrow_${name}.arrow`, a.tableToIPC(t, 'file'))
  if (['double', 'dictionary', 'pairs'].includes(name)) {
    writeFileSync(`${out}/arrow_${name}.arrows`, a.tableToIPC(t, 'stream'))
    writeFileSync(`${out}/arrow_${name}_batches.arrow`, a.tableToIPC(batches(t), 'file'))
    writeFileSync(`${out}/arrow_${name}_batches.arrows`, a.tableToIPC(batches(t), 'stream'))
  }
}

const parquet = (name, columns, set) => {
  const t = w.Table.fromIPCStream(a.tableToIPC(new a.Table(columns), 'stream'))
  writeFileSync(`${out}/parquetwasm_${name}.parquet`, w.writeParquet(t, set(new w.WriterPropertiesBuilder()).build()))
}
const { Compression: c, Encoding: e, WriterVersion: v } = w
for (const codec of ['SNAPPY', 'GZIP', 'BROTLI', 'ZSTD', 'LZ4_RAW'])
  parquet(codec.toLowerCase(), tables.double, b => b.setCompression(c[codec]))
for (const version of ['V1', 'V2']) {
  const named = (name, columns, set = b => b) => parquet(`${name}_${version.toLowerCase()}`, columns, b => set(b.setWriterVersion(v[version]).setCompression(c.ZSTD)))
  named('float', tables.float)
  named('no_dictionary', tables.double, b => b.setDictionaryEnabled(false))
  named('groups', tables.double, b => b.setMaxRowGroupSize(7))
  named('pages', tables.float, b => b.setDataPageSizeLimit(64).setWriteBatchSize(5))
  named('categorical', tables.dictionary)
  named('list', tables.list)
  named('list_groups', tables.list_float, b => b.setMaxRowGroupSize(11))
  named('fixed_list', tables.fixed_list)
  named('pairs', tables.pairs)
}
parquet('delta', tables.double, b => b.setDictionaryEnabled(false).setColumnEncoding('id', e.DELTA_BINARY_PACKED).setColumnEncoding('code', e.DELTA_BINARY_PACKED).setColumnEncoding('label', e.DELTA_BYTE_ARRAY))
parquet('delta_length', tables.double, b => b.setDictionaryEnabled(false).setColumnEncoding('label', e.DELTA_LENGTH_BYTE_ARRAY))
