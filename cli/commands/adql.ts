import { type Command, Option } from 'commander'
import type { GeometryStrategy } from '../../shared/adql/postgresql.ts'
import { FAILED } from '../terminal/exit-codes.ts'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import { type OutputOptions, writeResult } from '../terminal/output.ts'
import { UsageError } from '../terminal/usage-error.ts'
import type { MetadataFlags } from './adql/load-tables.ts'
import { addExamples } from './examples.ts'
import { parseSchemas, parseText } from './parsers.ts'

interface AdqlFlags extends MetadataFlags, OutputOptions {
  readonly lines?: string
  readonly reference?: true
  readonly dialect?: string
  readonly geometry?: GeometryStrategy
}

export function declare(command: Command): void {
  command
    .argument('[query]', 'a query, a file that holds one, or - for standard input')
    .option('--release <path>', 'check names and types against this release: schemas.tar.gz or a folder', parseText)
    .option('--schemas <names>', 'with --release: the schemas that queries may name: a,b', parseSchemas)
    .option('--url <url>', 'check them against the TAP_SCHEMA of this TAP service', parseText)
    .option('--database <url>', "check them against the live slot of this TAP server's database", parseText)
    .addOption(new Option('--dialect <name>', 'print the SQL of this dialect').choices(['postgresql', 'qserv']))
    .addOption(
      new Option(
        '--geometry <strategy>',
        'with --dialect postgresql: what finds positions (default: portable)',
      ).choices(['portable', 'pgsphere', 'postgis']),
    )
    .option('--lines <file>', 'judge many: a JSON string a line in, a JSON object a line out; - is standard input')
    .option('--reference', 'print what ADQL is understood: functions, extensions, limits')
    .option('--json', 'print one JSON document')
    .action(run)
  addExamples(
    command,
    [
      "adql 'SELECT TOP 10 ra, dec FROM sky.star WHERE DISTANCE(ra, dec, 56.75, 24.12) < 1'",
      'adql --release schemas.tar.gz --schemas dp2,ivoa_obscore query.adql',
      'adql --url https://data.example.org/api/tap --json - < query.adql',
      'adql --release schemas.tar.gz --schemas dp2 --dialect postgresql --geometry pgsphere query.adql',
      'adql --lines queries.jsonl --json',
    ],
    [
      'Without metadata, syntax, functions and aggregates are checked; names and types are not.',
      'JSON: {valid, error?: {kind, message, line, column, offset, length, suggestion?, suggestions?}, columns?, sql?, extensions?}.',
      'Exit code 1 says that a query is not valid.',
    ],
  )
}

async function run(query: string | undefined, flags: AdqlFlags): Promise<void> {
  endOnInterrupt()
  if (flags.reference) {
    const { writeReference } = await import('../../shared/adql/reference.ts')
    process.stdout.write(writeReference())
    return
  }
  if ((query === undefined) === (flags.lines === undefined)) {
    throw new UsageError('give one query, or --lines with a file of queries')
  }
  if (flags.lines !== undefined && flags.json !== true) throw new UsageError('--lines prints JSON: add --json')
  const { loadTables } = await import('./adql/load-tables.ts')
  const tables = await loadTables(flags)
  if (flags.dialect !== undefined && tables === undefined) {
    throw new UsageError('--dialect needs metadata: give --release, --url or --database')
  }
  if (flags.geometry !== undefined && flags.dialect !== 'postgresql') {
    throw new UsageError('--geometry works with --dialect postgresql only')
  }
  const { DIALECTS } = await import('./adql/dialects.ts')
  const by = { tables, translate: DIALECTS[flags.dialect ?? '']?.(flags.geometry ?? 'portable') }
  if (flags.lines !== undefined) {
    const { judgeLines } = await import('./adql/judge-lines.ts')
    if (!(await judgeLines(flags.lines, by))) process.exitCode = FAILED
    return
  }
  const { readQueryText } = await import('./adql/read-query-text.ts')
  const { judge } = await import('./adql/judge.ts')
  const { formatVerdict } = await import('./adql/format-verdict.ts')
  const text = await readQueryText(query ?? '')
  const verdict = judge(text, by)
  writeResult(verdict, flags, (result) => formatVerdict(text, result))
  if (!verdict.valid) process.exitCode = FAILED
}
