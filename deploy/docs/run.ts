import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { DOCUMENTS, fillKeyTables } from './key-tables.ts'

const root = resolve(import.meta.dirname, '../..')
const texts = await Promise.all(DOCUMENTS.map((name) => readFile(join(root, name), 'utf8')))
for (const [index, name] of DOCUMENTS.entries()) {
  await writeFile(join(root, name), fillKeyTables(texts[index] ?? '', texts))
}
