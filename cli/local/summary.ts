import { style } from '../terminal/style.ts'
import { formatTable } from '../terminal/table.ts'
import type { Deployment } from './deploy.ts'
import type { ReadBack } from './read-back.ts'
import { formatDuration } from './steps.ts'

/** What `npm start` came to. */
export interface StartReport {
  readonly url: string
  readonly servers: readonly ServerReport[]
  readonly environmentFile: string
  readonly logFile: string
  readonly storage: string
}

export interface ServerReport extends Deployment {
  /** What its live slot holds, read by a reader; null: nothing is live. */
  readonly live: ReadBack | null
  /** For readers. */
  readonly databaseUrl: string
  readonly slots: { readonly staging: string | null; readonly previous: string | null }
}

/** Lines for the person at the terminal: what is live, a look into it, and what to try next. */
export function describeStart(report: StartReport, { staysUp }: { readonly staysUp: boolean }): string {
  const lines = [
    '',
    ...formatTable(
      ['server', 'live', 'previous', 'staging', 'schemas', 'tables', 'columns', 'keys', 'stage', 'swap'],
      report.servers.map(describeServer),
    ),
    ...report.servers.flatMap(describeTables),
    '',
    ...(staysUp ? suggest(report) : [`Everything is stopped. \`npm start\` goes on from here.`]),
    '',
  ]
  return `${lines.join('\n')}`
}

function describeServer({ server, live, slots, stageMs, swapMs }: ServerReport): (string | number)[] {
  const time = (milliseconds: number | null) => (milliseconds === null ? '-' : formatDuration(milliseconds))
  return [
    server,
    live?.version ?? '-',
    slots.previous ?? '-',
    slots.staging ?? '-',
    live?.schemas.length ?? 0,
    live?.tables.length ?? 0,
    live?.columns ?? 0,
    live?.keys ?? 0,
    time(stageMs),
    time(swapMs),
  ]
}

/** Tables of a server that are shown; a real survey has dozens. */
const SHOWN = 6

function describeTables({ server, live }: ServerReport): string[] {
  if (live === null) return []
  const shown = live.tables.slice(0, SHOWN)
  const rows = shown.map(({ name, columns, description }) => [name, columns, description])
  const more = live.tables.length - shown.length
  return [
    '',
    `${style('bold', server)} as a TAP service reads it:`,
    ...formatTable(['table_name', 'columns', 'description'], rows, { width: 110 }),
    ...(more > 0 ? [`… and ${more} more`] : []),
  ]
}

function suggest(report: StartReport): string[] {
  const [first] = report.servers
  if (first === undefined) return []
  const { server, databaseUrl, live, slots } = first
  const api = `${report.url}/swap-schema`
  const almagest = (words: string) => `npx almagest ${words} --url ${api} --server ${server}`
  const table = live?.tables[0]?.name ?? 'tap_schema.tables'
  const query = `select column_name, datatype, unit from tap_schema.columns where table_name = '${table}'`
  const exchange = [
    ...(slots.staging === null ? [] : [almagest('diff'), almagest(`swap ${slots.staging}`)]),
    ...(slots.previous === null ? [] : [almagest(`rollback ${slots.previous}`)]),
  ]
  return [
    `${style('bold', 'Almagest is up')} at ${report.url}; Ctrl-C stops it. Try next:`,
    '',
    `  curl ${api}/servers`,
    `  curl ${api}/servers/${server}`,
    `  curl '${api}/servers/${server}/diff?from=previous&to=live&format=text'`,
    ...(live === null ? [] : [`  psql '${databaseUrl}' -c "${query}"`]),
    `  ${almagest('status')}`,
    ...exchange.map((line) => `  ${line}`),
    '',
    'Your own release (an archive, a folder that holds one, or a folder of YAML), after Ctrl-C:',
    '',
    '  npm start -- --release PATH --schemas a,b',
    '',
    `Environment: ${report.environmentFile}`,
    `Log of the functions: ${report.logFile}`,
  ]
}
