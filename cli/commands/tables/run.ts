import { readFile } from 'node:fs/promises'
import { XmlWriter } from '../../../shared/xml/writer.ts'
import { readJobs } from '../../tap-client/job-document.ts'
import { mediaTypeOf } from '../../tap-client/query-form.ts'
import { RefusedQueryError } from '../../tap-client/service-error.ts'
import { withFileErrors } from '../../terminal/file-error.ts'
import { type OutputOptions, writeResult } from '../../terminal/output.ts'
import { formatTable, terminalWidth } from '../../terminal/table.ts'
import { UsageError } from '../../terminal/usage-error.ts'
import { askService, type ServiceFlags, sendToService } from '../query/ask-service.ts'

export interface TablesFlags extends OutputOptions, ServiceFlags {}

export interface ShareFlags extends TablesFlags {
  readonly user?: readonly string[]
  readonly group?: readonly string[]
  readonly until?: string
  readonly write?: true
  readonly remove?: true
}

export interface DescribeFlags extends TablesFlags {
  readonly column?: string
  readonly description?: string
  readonly unit?: string
  readonly ucd?: string
  readonly utype?: string
}

export interface IndexFlags extends TablesFlags {
  readonly unique?: true
}

export interface SaveFlags extends TablesFlags {
  readonly job?: string
  readonly maxrec?: number
}

interface ListedTable {
  readonly table: string
  readonly owner: string
  readonly writable: boolean
  readonly rows: number
  readonly changed: string
  readonly description: string | null
}

export async function list(flags: TablesFlags): Promise<void> {
  const { tables } = (await askService(flags, '/user-tables', {})) as { readonly tables: readonly ListedTable[] }
  writeResult(tables, flags, formatTables)
}

export async function create(name: string, file: string, flags: TablesFlags): Promise<void> {
  const body = await readBody(file)
  writeResult(await askService(flags, pathOf('tables', name), { method: 'PUT', body }), flags, describeCreated)
}

/** @param adql a query; undefined: a job is named by the flags */
export async function save(name: string, adql: string | undefined, flags: SaveFlags): Promise<void> {
  const { job, maxrec } = flags
  if ((adql === undefined) === (job === undefined)) throw new UsageError('give a query, or a job with --job')
  const what = adql === undefined ? { JOB: job ?? '' } : { LANG: 'ADQL', QUERY: adql }
  const body = new URLSearchParams({ ...what, ...(maxrec === undefined ? {} : { MAXREC: String(maxrec) }) })
  const saved = await askService(flags, pathOf('save', name), { method: 'POST', body })
  writeResult(saved, flags, (created) => {
    const { overflow } = created as { readonly overflow: boolean }
    return `${describeCreated(created)}${overflow ? '; the job had cut its result, which has more rows' : ''}`
  })
}

function describeCreated(created: unknown): string {
  const { table, rows } = created as { readonly table: string; readonly rows: number }
  return `${table} is created, ${rows === 0 ? 'and empty' : `with ${rows} rows`}`
}

/** @param file a VOSI description; undefined: the flags say what is to be said */
export async function describe(name: string, file: string | undefined, flags: DescribeFlags): Promise<void> {
  const body = file === undefined ? describedBy(flags) : await readBody(file)
  await askService(flags, pathOf('tables', name), { method: 'POST', body })
  writeResult({ described: name }, flags, () => `${name} is described anew`)
}

function describedBy({ column, description, unit, ucd, utype }: DescribeFlags): Blob {
  const ofColumn = { description, unit, ucd, utype }
  const texts = column === undefined ? { description, utype } : ofColumn
  if (
    Object.values(texts).every((text) => text === undefined) ||
    (column === undefined && (unit ?? ucd) !== undefined)
  ) {
    throw new UsageError(
      'give a VOSI description, or say --description or --utype; with --column also --unit and --ucd',
    )
  }
  const xml = new XmlWriter().open('table')
  if (column !== undefined) xml.open('column').textElement('name', column)
  for (const [what, text] of Object.entries(texts)) xml.textElement(what, text)
  if (column !== undefined) xml.close()
  return new Blob([xml.close().take()], { type: 'text/xml' })
}

export async function load(name: string, file: string, flags: TablesFlags): Promise<void> {
  const body = await readBody(file)
  writeResult(await send(name, body, flags), flags, ({ table, rows }) => `${table} has ${rows} rows more`)
}

export async function share(name: string, flags: ShareFlags): Promise<void> {
  const { user = [], group = [], until, write = false, remove = false } = flags
  if (user.length + group.length === 0) throw new UsageError('say with whom: --user or --group')
  const body = new URLSearchParams([
    ...user.map((one) => ['USER', one]),
    ...group.map((one) => ['GROUP', one]),
    ...(until === undefined ? [] : [['UNTIL', until]]),
    ...(write ? [['MODE', 'write']] : []),
    ...(remove ? [['ACTION', 'REMOVE']] : []),
  ])
  const answer = await askService(flags, `${pathOf('tables', name)}/share`, { method: 'POST', body })
  const names = [...user, ...group.map((one) => `the group ${one}`)].join(', ')
  const what = remove ? 'may not read it any more' : `may read it${write ? ' and load it' : ''}`
  writeResult(answer, flags, () => `${name}: ${names} ${what}${until === undefined ? '' : ` until ${until}`}`)
}

export async function index(name: string, column: string, flags: IndexFlags): Promise<void> {
  const unique = flags.unique === true
  const body = new URLSearchParams({ TABLE: name, INDEX: column, UNIQUE: String(unique), PHASE: 'RUN' })
  const answer = await sendToService(flags, '/table-update', { method: 'POST', body })
  const [job] = readJobs(await answer.text())
  if (job?.phase !== 'COMPLETED') throw new RefusedQueryError(job?.error ?? 'the index was not made')
  writeResult({ table: name, index: column, unique }, flags, () => `${name} has an index on ${column}`)
}

export async function drop(name: string, flags: TablesFlags): Promise<void> {
  writeResult(await askService(flags, pathOf('tables', name), { method: 'DELETE' }), flags, () => `${name} is dropped`)
}

async function send(name: string, body: Blob, flags: TablesFlags) {
  const answer = await askService(flags, pathOf('load', name), { method: 'POST', body })
  return answer as { readonly table: string; readonly rows: number }
}

async function readBody(file: string): Promise<Blob> {
  return new Blob([await withFileErrors(file, () => readFile(file))], { type: mediaTypeOf(file) })
}

function pathOf(resource: string, name: string): string {
  return `/${resource}/${encodeURIComponent(name)}`
}

function formatTables(tables: readonly ListedTable[]): string {
  if (tables.length === 0) return 'there are no tables'
  const rows = tables.map(({ table, owner, rows, changed, description }) => [table, owner, rows, changed, description])
  return formatTable(['table', 'owner', 'rows', 'changed', 'description'], rows, { width: terminalWidth() }).join('\n')
}
