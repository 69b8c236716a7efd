import { type Command, InvalidArgumentError, Option } from 'commander'
import { messageOf } from '../../shared/failure.ts'
import type { TapQuery } from '../tap-client/query-form.ts'
import { RefusedQueryError } from '../tap-client/service-error.ts'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import { writeNote } from '../terminal/output.ts'
import { withProgress } from '../terminal/progress.ts'
import { terminalWidth } from '../terminal/table.ts'
import { UsageError } from '../terminal/usage-error.ts'
import { addExamples } from './examples.ts'
import { parseMaxrec, parseText } from './parsers.ts'
import { TOKEN_VARIABLE } from './server/options.ts'
import { addServiceOptions } from './service-options.ts'

type Format = 'table' | 'csv' | 'tsv' | 'votable' | 'parquet'

interface QueryFlags {
  readonly url?: string
  readonly format?: Format
  readonly output?: string
  readonly maxrec?: number
  readonly upload?: ReadonlyMap<string, string>
  readonly token?: string
  readonly async?: true
  readonly wait: boolean
  readonly keep?: true
}

const FORMATS: readonly Format[] = ['table', 'csv', 'tsv', 'votable', 'parquet']

export function declare(command: Command): void {
  addServiceOptions(command)
    .argument('<query>', 'ADQL, a file that holds it, or - for standard input')
    .addOption(
      new Option('--format <name>', 'a table to read, or what the service sends (default: table)').choices(FORMATS),
    )
    .option('-o, --output <file>', 'save what the service sends; the ending of the name is the format', parseText)
    .option('--maxrec <n>', 'rows at most (MAXREC); the service has a limit of its own', parseMaxrec)
    .option('--upload <name=file>', 'send a table along as TAP_UPLOAD.name: VOTable or CSV; repeatable', parseUpload)
    .option('--async', 'run it as a job: for queries that take longer than the service answers at once')
    .option('--no-wait', 'start the job, print its address, and end')
    .option('--keep', 'do not delete the job once its result is here')
    .action(run)
  addExamples(
    command,
    [
      'query "SELECT TOP 10 name, vmag FROM sky.stars ORDER BY vmag"',
      'query --url https://data.example.org/tap --output bright.vot query.adql',
      'query --async --output all.parquet "SELECT * FROM sky.stars"',
      'query --upload mine=targets.csv "SELECT m.id, s.name FROM TAP_UPLOAD.mine AS m JOIN sky.stars AS s ON m.hip = s.hip"',
    ],
    [
      'A table that is wider than the terminal leaves columns out. With --async, Ctrl-C leaves the job running; `jobs` shows',
      'and ends it.',
    ],
  )
}

async function run(argument: string, flags: QueryFlags): Promise<void> {
  endOnInterrupt()
  const { readQueryText } = await import('./adql/read-query-text.ts')
  const { findService } = await import('./query/find-service.ts')
  const adql = await readQueryText(argument)
  const url = await findService(flags.url)
  const { format, output } =
    flags.output === undefined ? { format: flags.format ?? 'table', output: null } : saving(flags)
  const query = {
    url,
    adql,
    format: format === 'table' ? 'votable' : format,
    maxRec: flags.maxrec,
    uploads: flags.upload ?? new Map(),
    token: flags.token ?? (process.env[TOKEN_VARIABLE] || undefined),
  }
  if (!flags.wait) {
    const { startJob } = await import('../tap-client/job-client.ts')
    process.stdout.write(`${await withProgress(`waiting for ${url}`, () => startJob(query))}\n`)
    return
  }
  try {
    const { answer, done } = await (flags.async === true ? openJob(query, flags.keep === true) : openSync(query))
    if (format === 'table') {
      const { printTable } = await import('./query/print-table.ts')
      describeTable(await printTable(answer, terminalWidth(), process.stdout))
      await done()
      return
    }
    const { formatBytes, passAnswer, saveAnswer } = await import('./query/save-answer.ts')
    const { bytes, tail } =
      output === null ? await passAnswer(answer, process.stdout) : await saveAnswer(answer, output)
    if (format === 'votable') await checkEnd(tail)
    if (output !== null) writeNote(`${output}: ${formatBytes(bytes)}`)
    await done()
  } catch (error) {
    if (error instanceof RefusedQueryError) await showPlace(adql, error.message)
    throw error
  }
}

interface Opened {
  readonly answer: AsyncIterable<Uint8Array>
  /** Once the answer has been read. */
  done(): Promise<void>
}

async function openSync(query: TapQuery): Promise<Opened> {
  const { askService } = await import('../tap-client/ask-service.ts')
  const answer = await withProgress(`waiting for ${query.url}`, () => askService(query))
  return { answer, done: async () => {} }
}

/** Starts a job, and waits for its result. The job is deleted in the end, unless it is to be kept. */
async function openJob(query: TapQuery, isKept: boolean): Promise<Opened> {
  const { deleteJob, openResult, startJob, waitForJob } = await import('../tap-client/job-client.ts')
  const { writeError } = await import('../terminal/output.ts')
  const service = { url: query.url, token: query.token }
  const job = await withProgress(`waiting for ${query.url}`, () => startJob(query))
  if (process.stderr.isTTY || isKept) writeNote(job)
  process.prependOnceListener('SIGINT', () => writeError(`\nthe job runs on: ${job}\n`))
  let phase = 'QUEUED'
  await withProgress(
    () => `the job is ${phase}`,
    () =>
      waitForJob(service, job, (next) => {
        phase = next
      }),
  )
  const remove = () =>
    deleteJob(service, job).catch((error: unknown) => writeNote(`${job} is still there: ${messageOf(error)}`))
  return { answer: await openResult(service, job), done: isKept ? async () => {} : remove }
}

const ENDINGS: Readonly<Record<string, Exclude<Format, 'table'>>> = {
  csv: 'csv',
  tsv: 'tsv',
  vot: 'votable',
  votable: 'votable',
  xml: 'votable',
  parquet: 'parquet',
}

/** What is saved, and as what: as --format says, else as the ending of the name does. */
function saving({ format, output = '' }: QueryFlags): { readonly format: Format; readonly output: string } {
  if (format === 'table') throw new UsageError('a table to read is not saved: leave out --output, or --format')
  const known = format ?? ENDINGS[/\.(\w+)$/.exec(output)?.[1]?.toLowerCase() ?? '']
  if (known !== undefined) return { format: known, output }
  throw new UsageError(`${output} has no ending that names a format: give --format ${FORMATS.slice(1).join('|')}`)
}

function describeTable({
  rows,
  overflow,
  hidden,
}: {
  rows: number
  overflow: boolean
  hidden: readonly string[]
}): void {
  if (process.stdout.isTTY) writeNote(rows === 1 ? '1 row' : `${rows.toLocaleString('en')} rows`)
  if (hidden.length > 0) writeNote(`no room for: ${hidden.join(', ')} (--format csv has all columns)`)
  if (overflow) writeNote(OVERFLOW)
}

const OVERFLOW = 'there are more rows: the service cut the result off at its limit, or at --maxrec'

/** A VOTable says at its end what became of the query after its first row (DALI 1.1 §4.4). */
async function checkEnd(tail: string): Promise<void> {
  const [info] = tail.match(/<INFO\b[^>]*QUERY_STATUS[^>]*>[^<]*/gi)?.slice(-1) ?? []
  if (info === undefined) return
  if (/\bvalue=["']OVERFLOW/i.test(info)) writeNote(OVERFLOW)
  if (/\bvalue=["']ERROR/i.test(info)) throw new RefusedQueryError(info.replace(/^<[^>]*>/, '').trim())
}

/** The line of the query that the message speaks of, with a caret. */
async function showPlace(adql: string, message: string): Promise<void> {
  const [, line, column] = /\bline (\d+),? col(?:umn)? ?(\d+)/i.exec(message) ?? []
  const text = adql.split(/\r\n|\r|\n/)[Number(line) - 1]
  if (text === undefined || column === undefined) return
  const { formatCaret } = await import('../terminal/caret.ts')
  const { writeError } = await import('../terminal/output.ts')
  const lines = formatCaret(text, { line: Number(line), column: Number(column) }, process.stderr.columns ?? 100)
  writeError(`${lines.join('\n')}\n`)
}

function parseUpload(value: string, before: ReadonlyMap<string, string> | undefined): ReadonlyMap<string, string> {
  const [, name = '', path = ''] = /^([A-Za-z]\w*)=(.+)$/s.exec(value) ?? []
  if (name === '') throw new InvalidArgumentError('It must be name=file; names are letters, digits and _.')
  if (before?.has(name)) throw new InvalidArgumentError(`${name} is named twice.`)
  return new Map([...(before ?? []), [name, path]])
}
