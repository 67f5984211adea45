// Polars writes Parquet, Feather (Arrow IPC files) and Arrow streams. Texts are views.
import pl from 'nodejs-polars'
import { out, rows, column, probs, pairs } from './data.mjs'

const table = (columns) => pl.DataFrame(columns)
const flat = type => table({
  id: pl.Series('id', column('id'), pl.Int64), label: pl.Series('label', column('label'), pl.Utf8), code: pl.Series('code', column('code'), pl.Int32),
  p_cat: pl.Series('p_cat', column('p_cat'), type), p_dog: pl.Series('p_dog', column('p_dog'), type), p_owl: pl.Series('p_owl', column('p_owl'), type),
})
const label = () => pl.Series('label', column('label'), pl.Utf8)
const nested = values => table({ label: label(), probs: values })
const lists = t => pl.Series('probs', rows.map(probs), pl.List(t))
const tables = {
  double: flat(pl.Float64),
  float: flat(pl.Float32),
  categorical: flat(pl.Float64).withColumn(pl.col('label').cast(pl.Categorical)),
  list: nested(lists(pl.Float64)),
  list_float: nested(lists(pl.Float32)),
}
tables.array = nested(pl.Series('probs', rows.map(probs), pl.List(pl.Float64)).cast(pl.FixedSizeList(pl.Float64, 3)))
const lines = rows.map(r => JSON.stringify({ label: r.label, predicted_label_probs: pairs(r) }) + '\n').join('')
tables.pairs = pl.readJSON(Buffer.from(lines), { format: 'lines' })
for (const [name, t] of Object.entries(tables)) {
  for (const compression of name === 'double' ? ['uncompressed', 'snappy', 'gzip', 'zstd', 'lz4'] : ['zstd'])
    t.writeParquet(`${out}/polars_${name}_${compression}.parquet`, { compression })
  for (const compression of name === 'double' ? ['uncompressed', 'lz4', 'zstd'] : ['uncompressed']) {
    t.writeIPC(`${out}/polars_${name}_${compression}.arrow`, { compression })
    if (name === 'double' || name === 'categorical') t.writeIPCStream(`${out}/polars_${name}_${compression}.arrows`, { compression })
  }
}
