import type { Schema } from '../../felis/model.ts'
import type { Problem } from '../../problem.ts'
import { checkColumnLists } from './check-column-lists.ts'
import { checkManifest, MANIFEST_NAME, type Manifest } from './check-manifest.ts'
import { checkSnippet } from './check-snippet.ts'
import { PRINCIPAL_NAME } from './columns-principal.ts'
import { DatalinkReport, decodeText } from './problems.ts'
import { listPublishedColumns, type PublishedColumns } from './published-columns.ts'

/** The files of a folder of datalink metadata: name → content. */
export type DatalinkFiles = ReadonlyMap<string, Uint8Array>

export interface DatalinkMetadata {
  /** What goes into `datalink-snippets.zip`: every `*.json` and `*.xml`. */
  readonly snippets: DatalinkFiles
  /** What goes into `datalink-columns.zip` beside the generated file: every other `columns-*.yaml`. */
  readonly columnLists: DatalinkFiles
  readonly services: readonly string[]
  readonly problems: readonly Problem[]
}

/** Whether a file of the folder is published at all. */
export function isDatalinkFile(name: string): boolean {
  return /\.(?:json|xml)$/.test(name) || (/^columns-.*\.yaml$/.test(name) && name !== PRINCIPAL_NAME)
}

/** A release without datalink metadata of its own still says so: TAP servers look for the file at their start. */
export const NO_SNIPPETS: DatalinkFiles = new Map([[MANIFEST_NAME, Buffer.from('{}\n')]])

/**
 * Sorts and checks the datalink metadata of a release against the schemas that are published with it (felis.md §10.2).
 * The problems are in the answer, all at once.
 */
export function checkDatalink(files: DatalinkFiles, schemas: readonly Schema[]): DatalinkMetadata {
  const chosen = [...files].filter(([name]) => isDatalinkFile(name))
  const snippets = new Map(chosen.filter(([name]) => !name.endsWith('.yaml')))
  const columnLists = new Map(chosen.filter(([name]) => name.endsWith('.yaml')))
  const published = listPublishedColumns(schemas)
  const problems: Problem[] = []
  const texts = new Map<string, string>()
  for (const [name, content] of chosen) {
    const text = decodeText(name, content, problems)
    if (text !== null) texts.set(name, text)
  }
  const manifest = readManifest(texts, snippets, published, problems)
  for (const [name, text] of texts) {
    if (name.endsWith('.yaml')) problems.push(...checkColumnLists(name, text, published))
    else if (name.endsWith('.xml') && manifest !== null) {
      const columns = manifest.services.get(name.slice(0, -'.xml'.length)) ?? null
      problems.push(...checkSnippet(name, text, columns))
    }
  }
  return { snippets, columnLists, services: [...(manifest?.services.keys() ?? [])], problems }
}

/** null: there is none that could be read. */
function readManifest(
  texts: ReadonlyMap<string, string>,
  snippets: DatalinkFiles,
  published: PublishedColumns,
  problems: Problem[],
): Manifest | null {
  const text = texts.get(MANIFEST_NAME)
  if (text === undefined) {
    const report = new DatalinkReport(MANIFEST_NAME)
    const message = 'the folder has no datalink-manifest.json: service → columns that a result must have for it'
    if (!snippets.has(MANIFEST_NAME)) report.add('manifest_missing', message)
    problems.push(...report.problems)
    return null
  }
  const xmlFiles = [...snippets.keys()].filter((name) => name.endsWith('.xml'))
  const manifest = checkManifest(text, xmlFiles, published)
  problems.push(...manifest.problems)
  return manifest
}
