import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { PACKAGE } from '../../shared/version.ts'
import { DOCUMENTS, fillKeyTables } from './key-tables.ts'
import { fillPackageName } from './package-name.ts'

const root = resolve(import.meta.dirname, '../..')

const texts = await Promise.all(DOCUMENTS.map((name) => readFile(join(root, name), 'utf8')))
for (const [index, name] of DOCUMENTS.entries()) {
  await writeFile(join(root, name), fillKeyTables(texts[index] ?? '', texts))
}

const documents = (await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md'))
for (const name of ['README.md', ...documents.map((document) => join('docs', document))]) {
  const text = await readFile(join(root, name), 'utf8')
  const filled = fillPackageName(text, PACKAGE)
  if (filled !== text) await writeFile(join(root, name), filled)
}
