import type { Schema } from '../../felis/model.ts'
import { isRecord } from '../../is-record.ts'

/** The object beside a release that describes it. */
export const DESCRIPTION_NAME = 'release.json'

/** What `release.json` holds. It says nothing of when or where, so that the same release has the same description. */
export interface ReleaseDescription {
  readonly version: string
  /** Of the repository that the schemas come from; null: not known. */
  readonly commit: string | null
  readonly files: Readonly<Record<string, FileDescription>>
  readonly schemas: readonly SchemaDescription[]
  /** Services of the datalink snippets. */
  readonly services: readonly string[]
}

export interface FileDescription {
  /** In hexadecimal digits. */
  readonly sha256: string
  readonly bytes: number
}

export interface SchemaDescription {
  readonly file: string
  readonly name: string
  readonly version: string | null
  readonly tables: number
  readonly columns: number
  /** Foreign keys. */
  readonly keys: number
}

export function describeSchema(file: string, { name, version, tables }: Schema): SchemaDescription {
  const sum = (count: (table: Schema['tables'][number]) => number) =>
    tables.reduce((total, table) => total + count(table), 0)
  return {
    file,
    name,
    version: typeof version === 'string' || version === null ? version : version.current,
    tables: tables.length,
    columns: sum((table) => table.columns.length),
    keys: sum((table) => table.constraints.filter(({ kind }) => kind === 'ForeignKey').length),
  }
}

export function writeDescription(description: ReleaseDescription): Buffer {
  return Buffer.from(`${JSON.stringify(description, null, 2)}\n`)
}

/** null: it is not the description of a release. */
export function readDescription(content: Uint8Array): ReleaseDescription | null {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content))
  } catch {
    return null
  }
  return isDescription(value) ? value : null
}

function isDescription(value: unknown): value is ReleaseDescription {
  if (!isRecord(value)) return false
  const { version, commit, files, schemas, services } = value
  return (
    typeof version === 'string' &&
    (commit === null || typeof commit === 'string') &&
    isRecord(files) &&
    Object.values(files).every(isFile) &&
    Array.isArray(schemas) &&
    schemas.every(isSchema) &&
    Array.isArray(services) &&
    services.every((service) => typeof service === 'string')
  )
}

function isFile(value: unknown): boolean {
  return isRecord(value) && typeof value.sha256 === 'string' && typeof value.bytes === 'number'
}

function isSchema(value: unknown): boolean {
  if (!isRecord(value)) return false
  const { file, name, version, ...counts } = value
  return (
    typeof file === 'string' &&
    typeof name === 'string' &&
    (version === null || typeof version === 'string') &&
    ['tables', 'columns', 'keys'].every((key) => typeof counts[key] === 'number')
  )
}
