import { quoteForShell, spell } from '../cli/terminal/spelling.ts'
import { style } from '../cli/terminal/style.ts'
import { formatTable, terminalWidth } from '../cli/terminal/table.ts'
import { adqlName, parseDeclaredNames } from '../shared/adql/names.ts'
import type { Deployment } from './deploy.ts'
import { METADATA_TABLE } from './metadata.ts'
import { LOCAL_USER } from './neighbours.ts'
import type { ReadBack } from './read-back.ts'
import { SKY } from './sample/sample.ts'
import { formatDuration } from './steps.ts'

/** What `npm start` came to. */
export interface StartReport {
  readonly url: string
  /** From the call to the end of the last step. */
  readonly durationMs: number
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
  /** Of its TAP service; null: it has none. */
  readonly serviceUrl: string | null
  /** Of the metadata of files, for who writes and who operates them; null: it has none. */
  readonly metadataUrls: { readonly writer: string; readonly operator: string } | null
  readonly slots: { readonly staging: string | null; readonly previous: string | null }
}

/** How it was started, as far as it matters for what comes next. */
export interface StartManner {
  readonly staysUp: boolean
  /** Options that the next start needs as well. */
  readonly given: readonly string[]
}

/** Lines for the person at the terminal: what is live, a look into it, and what to try next. */
export function describeStart(report: StartReport, how: StartManner): string {
  const outcomes = report.servers.flatMap(describeOutcome)
  const lines = [
    '',
    ...formatTable(
      ['server', 'live', 'previous', 'staging', 'tables', 'columns', 'stage', 'swap'],
      report.servers.map(describeServer),
      { width: terminalWidth() },
    ),
    ...report.servers.flatMap(describeTables),
    '',
    ...(outcomes.length === 0 ? [] : [...outcomes, '']),
    ...(how.staysUp ? suggest(report, how) : suggestStart(report, how)),
    '',
  ]
  return lines.join('\n')
}

function describeOutcome({ server, version, outcome, slots }: ServerReport): string[] {
  if (outcome === 'swapped') return []
  if (outcome === 'staged') return [`${server}: ${version} waits in the staging slot.`]
  const waiting = slots.staging === null ? '' : ` ${slots.staging} waits in the staging slot.`
  return [`${server}: nothing to do, ${version} is live.${waiting}`]
}

function describeServer({ server, live, slots, stageMs, swapMs }: ServerReport): (string | number)[] {
  const time = (milliseconds: number | null) => (milliseconds === null ? '-' : formatDuration(milliseconds))
  return [
    server,
    live?.version ?? '-',
    slots.previous ?? '-',
    slots.staging ?? '-',
    live?.tables.length ?? 0,
    live?.columns ?? 0,
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
    ...formatTable(['table_name', 'columns', 'description'], rows, { width: terminalWidth() ?? 110 }),
    ...(more > 0 ? [`… and ${more} more`] : []),
  ]
}

function suggest(report: StartReport, how: StartManner): string[] {
  const { url, durationMs, environmentFile, logFile } = report
  return [
    `${style('bold', 'Almagest is up')} at ${url} after ${formatDuration(durationMs)}; Ctrl-C stops it. Try next:`,
    '',
    ...report.servers.flatMap(suggestService),
    ...report.servers.flatMap(suggestTables),
    ...report.servers.flatMap((server) => suggestMetadata(server, environmentFile)),
    `In a browser: ${url}/, the console for releases, queries and jobs.`,
    '',
    'For who operates it:',
    ...report.servers.slice(0, 1).flatMap((server) => suggestCalls(server, `${url}/swap-schema`)),
    `  npx almagest check-tables --environment ${quoteForShell(environmentFile)}`,
    '',
    'What everybody sees of it:',
    ...report.servers.slice(0, 1).flatMap(({ server }) => suggestDiscovery(server, `${url}/discovery`)),
    '',
    'Where registries of the Virtual Observatory harvest what there is:',
    `  curl '${url}/registry/oai?verb=ListRecords&metadataPrefix=ivo_vor'`,
    `  npx almagest registry list ${quoteForShell(environmentFile)}`,
    '',
    'Query results of several ages lie in gs://results. What would be deleted, and why:',
    `  npx almagest sweep --dry-run --environment ${quoteForShell(environmentFile)}`,
    `  curl -X POST ${url}/collect-results/`,
    '',
    ...report.servers.slice(0, 1).flatMap(suggestQuery),
    'Your own release (an archive, a folder that holds one, or a folder of YAML), after Ctrl-C:',
    `  ${spellStart('--release PATH --schemas a,b', how)}`,
    `  ${spellStart('--release PATH --schemas a,b --no-swap', how)}   to look at the difference first`,
    '',
    `Environment: ${environmentFile}`,
    `Log of the functions: ${logFile}`,
  ]
}

/** The service and a query of it, for each kind of client. */
function suggestService({ serviceUrl, live, version }: ServerReport): string[] {
  const table = live?.tables[0]?.name
  if (serviceUrl === null || table === undefined) return []
  const [title, query] =
    version === SKY.version ? ORION : [`The first rows of ${table}:`, `SELECT TOP 5 * FROM ${adqlPath(table)}`]
  const quoted = query.replaceAll('"', '\\"')
  return [
    'The TAP service, for TOPCAT (VO, Table Access Protocol (TAP) Query, Selected TAP Service), pyvo and a browser:',
    `  ${serviceUrl}`,
    title,
    `  npx almagest query --url ${serviceUrl} "${quoted}"`,
    `  curl -d LANG=ADQL -d RESPONSEFORMAT=csv --data-urlencode "QUERY=${quoted}" ${serviceUrl}/sync`,
    `  python3 -c "import pyvo; print(pyvo.dal.TAPService('${serviceUrl}').search('''${quoted}''').to_table())"`,
    'The same as a job, which may take minutes and whose result is kept (repeat the second line until it is COMPLETED):',
    `  job=$(curl -s -o /dev/null -w '%{redirect_url}' -d PHASE=RUN -d LANG=ADQL -d RESPONSEFORMAT=csv --data-urlencode "QUERY=${quoted}" ${serviceUrl}/async)`,
    '  curl "$job?WAIT=20"',
    '  curl "$job/results/result"',
    '',
  ]
}

/** A table that is kept beside the catalogue. */
function suggestTables({ serviceUrl, version }: ServerReport): string[] {
  if (serviceUrl === null || version !== SKY.version) return []
  const query = `SELECT s.name, s.vmag, t.note FROM sky.stars AS s JOIN user_${LOCAL_USER}.targets AS t ON t.hip = s.hip`
  return [
    `Tables of your own, joined with the catalogue and shared (who sends no token is the user ${LOCAL_USER}; \`--token ann\` makes you Ann):`,
    "  printf 'hip,note\\n32349,bright\\n27989,red\\n' > targets.csv",
    `  npx almagest tables create targets targets.csv --url ${serviceUrl}`,
    `  npx almagest query --url ${serviceUrl} "${query}"`,
    `  npx almagest tables share targets --user ann --url ${serviceUrl}`,
    `  npx almagest tables list --token ann --url ${serviceUrl}`,
    '',
  ]
}

/** A change of a document, and the row that follows it. */
function suggestMetadata({ serviceUrl, metadataUrls, version }: ServerReport, environmentFile: string): string[] {
  if (serviceUrl === null || metadataUrls === null || version !== SKY.version) return []
  const set = `update ${METADATA_TABLE} set data = data || '{\\"target_name\\": \\"NGC 5236\\", \\"t_exptime\\": 3600}' where name like 'eb-0001/%'`
  const query =
    "SELECT obs_id, target_name, t_exptime, s_region FROM ivoa.ObsCore WHERE obs_collection = 'Array commissioning'"
  return [
    'Metadata of files, as Rucio keeps them, become rows of ObsCore. Change two documents, with psql, and look at their rows:',
    `  psql '${metadataUrls.writer}' -c "${set}"`,
    `  npx almagest query --url ${serviceUrl} "${query}"`,
    'What is wrong with other documents:',
    `  npx almagest obscore status --database ${metadataUrls.operator} --environment ${quoteForShell(environmentFile)}`,
    '',
  ]
}

const ORION = [
  "The brightest stars within 10 degrees of Orion's belt:",
  'SELECT TOP 8 name, ra, dec, vmag FROM sky.stars WHERE 1 = CONTAINS(POINT(ra, dec), CIRCLE(84.05, -1.20, 10)) ORDER BY vmag',
] as const

/** A name of TAP_SCHEMA as a query writes it. */
function adqlPath(table: string): string {
  return parseDeclaredNames(table).map(adqlName).join('.')
}

/** What makes sense for the slots as they are. */
function suggestCalls({ server, live, slots }: ServerReport, api: string): string[] {
  const almagest = (words: string) => `npx almagest ${words} --url ${api} --server ${server}`
  const { staging, previous } = slots
  const compared = staging === null ? '?from=previous&to=live&format=text' : '?format=text'
  const isComparable = live !== null && (staging ?? previous) !== null
  const suggestions: readonly (readonly [boolean, string])[] = [
    [true, `curl ${api}/servers`],
    [true, `curl ${api}/servers/${server}`],
    [isComparable, `curl '${api}/servers/${server}/diff${compared}'`],
    [true, almagest('status')],
    [staging !== null && live !== null, almagest('diff')],
    [staging !== null, almagest(`swap ${staging}`)],
    [previous !== null, almagest(`rollback ${previous}`)],
  ]
  return suggestions.filter(([fits]) => fits).map(([, line]) => `  ${line}`)
}

/** Nothing that Almagest needs brings psql along. */
function suggestQuery({ databaseUrl, live }: ServerReport): string[] {
  const table = live?.tables[0]?.name
  if (table === undefined) return []
  const query = `select column_name, datatype, unit from tap_schema.columns where table_name = '${table}'`
  return ['With psql, if you have it, what a TAP service reads:', `  psql '${databaseUrl}' -c "${query}"`, '']
}

function suggestDiscovery(server: string, url: string): string[] {
  const base = `${url}/repertoire/discovery`
  const read = ['', `/tap/${server}`, `/tap/${server}/metadata/schemas`, '/tutorials', '/nublado']
  return [
    ...read.map((path) => `  ${base}${path}`),
    `  ${url}/api/hips/v2/heron/list`,
    `  ${url}/availability`,
    `  curl -H 'Authorization: Bearer any' ${base}/influxdb/default`,
  ]
}

function suggestStart({ servers }: StartReport, how: StartManner): string[] {
  const staged = servers.find(({ server, slots }) => server === 'tap' && slots.staging !== null)?.slots.staging
  return [
    `Everything is stopped. \`${spellStart('', how)}\` continues from here.`,
    ...(staged == null ? [] : [`  ${spellStart(`--version ${quoteForShell(staged)}`, how)}   swaps it live`]),
  ]
}

function spellStart(options: string, { given }: StartManner): string {
  return spell(['start', options, ...given.map(quoteForShell)].filter((part) => part !== '').join(' '))
}
