// DuckDB writes Parquet.
import { DuckDBInstance } from '@duckdb/node-api'
import { out, csvPath } from './data.mjs'

const db = await (await DuckDBInstance.create(':memory:')).connect()
await db.run(`create table t as select id::bigint as id, nullif(label, '') as label, code::integer as code, p_cat::double as p_cat, p_dog::double as p_dog, p_owl::double as p_owl
  from read_csv('${csvPath}', header = true, all_varchar = true)`)
await db.run(`create type name as enum ('owl', 'cat', 'Zürich')`)
const flat = t => `select id, label, code, p_cat::${t} as p_cat, p_dog::${t} as p_dog, p_owl::${t} as p_owl from t order by id`
const copy = (name, query, options) => db.run(`copy (${query}) to '${out}/duckdb_${name}.parquet' (format parquet, ${options})`)
for (const codec of ['uncompressed', 'snappy', 'gzip', 'zstd', 'lz4_raw']) await copy(codec, flat('double'), `codec ${codec}`)
await copy('float_v2', flat('float'), 'codec zstd, parquet_version v2')
await copy('double_v2', flat('double'), 'codec zstd, parquet_version v2')
await copy('no_dictionary_v2', flat('float'), 'codec uncompressed, parquet_version v2, dictionary_size_limit 1')
await copy('decimal', flat('decimal(12, 10)'), 'codec snappy')
await copy('enum', `select id, label::name as label, code::utinyint as code, p_cat, p_dog, p_owl from t order by id`, 'codec snappy')
await copy('list', `select label, [p_cat, p_dog, p_owl]::float[] as probs from t order by id`, 'codec snappy')
await copy('array', `select label, [p_cat, p_dog, p_owl]::double[3] as probs from t order by id`, 'codec snappy')
await copy('pairs', `select label, [{label: 'cat', prob: p_cat}, {label: 'Zürich', prob: p_dog}, {label: 'owl', prob: p_owl}] as predicted_label_probs from t order by id`, 'codec zstd')
await copy('pairs_v2', `select label, [{label: 'cat', prob: p_cat}, {label: 'Zürich', prob: p_dog}, {label: 'owl', prob: p_owl}] as predicted_label_probs from t order by id`, 'codec zstd, parquet_version v2')
await copy('struct', `select label, {cat: p_cat, dog: p_dog} as probs from t order by id`, 'codec zstd')
await copy('map', `select label, map(['cat', 'dog'], [p_cat, p_dog]) as probs from t order by id`, 'codec zstd')
