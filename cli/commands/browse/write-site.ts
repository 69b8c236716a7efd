import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { LoadedSchema } from '../../../shared/felis/load.ts'
import { describeFileError } from '../../terminal/file-error.ts'
import { UsageError } from '../../terminal/usage-error.ts'
import type { FilesDiff } from '../diff-schemas/files-diff.ts'
import { SEARCH, STYLE } from './assets.ts'
import { anchor, changesPage, indexPage, type PagedSchema, type Site, schemaPage, unitOf } from './pages.ts'

export interface WrittenSite {
  readonly folder: string
  readonly pages: number
  readonly tables: number
  readonly columns: number
}

/**
 * Writes the pages of some schemas into a folder: they need no server, and ask nobody for anything.
 *
 * @param diff what is different from another release; null: there is no such page
 * @throws UsageError when the folder cannot be written
 */
export async function writeSite(
  folder: string,
  title: string,
  schemas: readonly LoadedSchema[],
  diff: FilesDiff | null,
): Promise<WrittenSite> {
  const paged = namePages(schemas)
  const site: Site = { title, schemas: paged, hasDiff: diff !== null }
  const files = new Map([
    ['browse.css', STYLE],
    ['search.js', SEARCH],
    ['index.js', indexScript(paged)],
    ['index.html', indexPage(site)],
    ...paged.map((schema) => [schema.page, schemaPage(site, schema)] as const),
    ...(diff === null ? [] : [['changes.html', changesPage(site, diff)] as const]),
  ])
  for (const [name, content] of files) await write(join(folder, name), content)
  const tables = paged.flatMap(({ schema }) => schema.tables)
  const columns = tables.reduce((sum, table) => sum + table.columns.length, 0)
  return {
    folder,
    pages: [...files.keys()].filter((name) => name.endsWith('.html')).length,
    tables: tables.length,
    columns,
  }
}

/** Each schema has a page named by its file, which is the only one of its name in a release. */
function namePages(schemas: readonly LoadedSchema[]): readonly PagedSchema[] {
  const taken = new Set<string>()
  return schemas.flatMap(({ schema, file }) => {
    if (schema === null) return []
    const stem =
      file
        .replace(/\.ya?ml$/, '')
        .replace(/[^\w.-]+/g, '-')
        .replace(/^\.+/, '') || 'schema'
    let name = stem
    for (let number = 2; taken.has(name.toLowerCase()); number += 1) name = `${stem}-${number}`
    taken.add(name.toLowerCase())
    return [{ schema, page: `schemas/${name}.html` }]
  })
}

/** Of a description in the index. */
const LONGEST = 160

/** What the search looks through: address, name, type of thing or unit, UCD, description. */
function indexScript(paged: readonly PagedSchema[]): string {
  const entries = paged.flatMap(({ schema, page }) =>
    schema.tables.flatMap((table) => [
      entry(page, table.name, `${schema.name}.${table.name}`, 'table', '', table.description),
      ...table.columns.map((column) =>
        entry(
          page,
          `${table.name}.${column.name}`,
          `${schema.name}.${table.name}.${column.name}`,
          unitOf(column),
          column.ucd ?? '',
          column.description,
        ),
      ),
    ]),
  )
  return `window.ALMAGEST_INDEX = ${JSON.stringify(entries)}\n`
}

function entry(page: string, name: string, shown: string, unit: string, ucd: string, description: string | null) {
  const characters = [...(description ?? '')]
  const text = characters.length <= LONGEST ? (description ?? '') : `${characters.slice(0, LONGEST - 1).join('')}…`
  return [`${encodeURI(page)}#${anchor(name)}`, shown, unit, ucd, text]
}

async function write(path: string, content: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${describeFileError(error) ?? String(error)}`, error)
  }
}
