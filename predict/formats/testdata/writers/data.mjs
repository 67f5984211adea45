// The rows that every script here writes: 40 rows of 3 classes; probabilities are
// multiples of 1/1024, so that they are the same in float32. Three labels are null.
import { writeFileSync, mkdirSync } from 'node:fs'

export const out = process.argv[2] ?? '.'
mkdirSync(out, { recursive: true })
export const names = ['cat', 'Zürich', 'owl']
export const rows = Array.from({ length: 40 }, (_, i) => {
  const a = 1 + (i * 389) % 600, b = 1 + (i * 151) % 400
  const code = i % 17 === 5 ? null : (i * i + i) % 3
  return { id: i + 1, label: code === null ? null : names[code], code, p_cat: a / 1024, p_dog: b / 1024, p_owl: (1024 - a - b) / 1024 }
})
export const probs = r => [r.p_cat, r.p_dog, r.p_owl]
export const pairs = r => probs(r).map((prob, k) => ({ label: names[k], prob }))
export const column = name => rows.map(r => r[name])
export const csvPath = `${out}/rows.csv`
writeFileSync(csvPath, 'id,label,code,p_cat,p_dog,p_owl\n' + rows.map(r => Object.values(r).map(x => x ?? '').join(',') + '\n').join(''))
