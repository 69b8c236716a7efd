import { type Command, InvalidArgumentError } from 'commander'
import type { Environment } from '../../shared/environment/environment.ts'
import type { BuiltRecords } from '../../shared/registry/build-records.ts'
import { FAILED } from '../terminal/exit-codes.ts'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import { type OutputOptions, writeNote, writeResult } from '../terminal/output.ts'
import { withProgress } from '../terminal/progress.ts'
import { addExamples } from './examples.ts'
import type { RefreshFlags } from './registry/published.ts'

interface RegistryFlags extends OutputOptions {
  readonly offline?: true
}

interface ValidateFlags extends RegistryFlags {
  readonly schema?: string
}

const OFFLINE = 'do not ask the databases: records without live versions and tables'

export function declare(command: Command): void {
  command
    .command('list')
    .summary('which records there are')
    .argument('<environment>', 'environment file')
    .option('--offline', OFFLINE)
    .option('--json', 'print one JSON document')
    .action(list)
  command
    .command('show')
    .summary('one record, as XML')
    .argument('<environment>', 'environment file')
    .argument('<ivoid>', 'identifier of the record')
    .option('--offline', OFFLINE)
    .action(show)
  command
    .command('validate')
    .summary('what is wrong with the records')
    .argument('<environment>', 'environment file')
    .option('--offline', OFFLINE)
    .option('--schema <file>', 'hold the records against this XML schema, too: needs xmllint')
    .option('--json', 'print one JSON document')
    .action(validate)
  command
    .command('oai')
    .summary('what harvesters get: the answer to a request of OAI-PMH')
    .argument('<environment>', 'environment file')
    .argument('<argument...>', 'arguments of the request: verb=Identify', collectArgument)
    .option('--offline', OFFLINE)
    .action(answer)
  command
    .command('refresh')
    .summary('publish what has changed')
    .argument('<environment>', 'environment file')
    .option('--dry-run', 'write nothing, and say what would be published')
    .option('--json', 'print one JSON document')
    .action(async (file: string, flags: RefreshFlags) => (await published()).refresh(file, flags))
  command
    .command('history')
    .summary('what is published, and since when')
    .argument('<environment>', 'environment file')
    .option('--json', 'print one JSON document')
    .action(async (file: string, flags: OutputOptions) => (await published()).history(file, flags))
  command
    .command('forget')
    .summary('remove the records of an authority that another registry manages now')
    .argument('<environment>', 'environment file')
    .argument('<authority>', 'ivo://NAME')
    .option('--json', 'print one JSON document')
    .action(async (file: string, authority: string, flags: OutputOptions) =>
      (await published()).forget(file, authority, flags),
    )
  addExamples(
    command,
    [
      'registry list environment.yaml',
      'registry show environment.yaml ivo://observatory.example/tap',
      'registry validate --offline environment.yaml',
      'registry oai environment.yaml verb=ListRecords metadataPrefix=ivo_vor',
      'registry refresh --dry-run environment.yaml',
    ],
    [
      'The records are those of the environment file, with what its TAP servers have live. validate ends with 1 if one of',
      'them must not be published; the others write them all the same, and what is wrong to stderr. For oai, all records',
      'have changed just now; history says when they did in what harvesters really get.',
    ],
  )
}

const published = () => import('./registry/published.ts')

async function list(file: string, flags: RegistryFlags): Promise<void> {
  const { records, problems } = await build(file, flags)
  const { formatTable, terminalWidth } = await import('../terminal/table.ts')
  const rows = records.map(({ kind, ivoid, title }) => ({ kind, ivoid, title }))
  writeResult(rows, flags, () =>
    formatTable(
      ['kind', 'ivoid', 'title'],
      rows.map(({ kind, ivoid, title }) => [kind, ivoid, title]),
      { width: terminalWidth() },
    ).join('\n'),
  )
  await noteProblems(problems)
}

async function show(file: string, ivoid: string, flags: RegistryFlags): Promise<void> {
  const { records, problems } = await build(file, flags)
  const { findRecord } = await import('../../shared/registry/build-records.ts')
  const { formatRecord } = await import('../../shared/registry/write-record.ts')
  const record = findRecord(records, ivoid)
  if (record === undefined) {
    const { UsageError } = await import('../terminal/usage-error.ts')
    const { nearMiss } = await import('../../shared/near-miss.ts')
    const ivoids = records.map((known) => known.ivoid)
    const meant = nearMiss(ivoid, ivoids)
    const hint = meant === undefined ? `there are ${ivoids.join(', ')}` : `did you mean ${meant}?`
    throw new UsageError(`there is no record ${ivoid}: ${hint}`)
  }
  const { showControlsInLines } = await import('../../shared/printable.ts')
  const text = formatRecord(record, new Date())
  process.stdout.write(showControlsInLines(text))
  await noteProblems(problems)
}

type Pair = readonly [name: string, value: string]

async function answer(file: string, pairs: readonly Pair[], flags: RegistryFlags): Promise<void> {
  const { environment, records, problems } = await build(file, flags)
  const { describeRepository } = await import('../../shared/registry/build-records.ts')
  const { answerOai } = await import('../../shared/registry/oai/answer.ts')
  const { holdRecord, recordsInMemory } = await import('../../shared/registry/oai/memory-source.ts')
  const { showControlsInLines } = await import('../../shared/printable.ts')
  const now = new Date(Math.floor(Date.now() / 1000) * 1000)
  const source = recordsInMemory(records.map((record) => holdRecord(record, now)))
  process.stdout.write(showControlsInLines(await answerOai(pairs, describeRepository(environment), source, now)))
  await noteProblems(problems)
}

/** `from=2026-01-01` → name and value. */
function collectArgument(text: string, before: readonly Pair[] = []): readonly Pair[] {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('It must be NAME=VALUE, like verb=Identify.')
  return [...before, [text.slice(0, at), text.slice(at + 1)]]
}

async function validate(file: string, flags: ValidateFlags): Promise<void> {
  const built = await build(file, flags)
  const { records } = built
  const { formatProblem } = await import('../../shared/problem.ts')
  const { findInvalid } = await import('./registry/find-invalid.ts')
  const invalid = flags.schema === undefined ? [] : await findInvalid(file, records, flags.schema)
  const problems = [...built.problems, ...invalid]
  const failed = problems.some(({ severity }) => severity === 'error')
  writeResult({ ok: !failed, records: records.length, problems }, flags, () =>
    [...problems.map(formatProblem), `${file}: ${records.length} records${failed ? '' : ', fit to be published'}`].join(
      '\n',
    ),
  )
  if (failed) process.exitCode = FAILED
}

async function build(
  file: string,
  { offline }: RegistryFlags,
): Promise<BuiltRecords & { readonly environment: Environment }> {
  endOnInterrupt()
  const { loadEnvironment } = await import('../../shared/deployment/environment-file.ts')
  const { openLogger } = await import('./publish/open-location.ts')
  const { buildRecords } = await import('../../shared/registry/build-records.ts')
  const environment: Environment = await loadEnvironment(openLogger(), file)
  const { readRecordFiles } = await import('../../shared/deployment/record-files.ts')
  const files = await readRecordFiles(environment)
  if (offline) return { environment, ...buildRecords(environment, new Map(), { files }) }
  const { readLive } = await import('./registry/read-live.ts')
  const live = await withProgress('reading what is live', () => readLive(environment))
  return { environment, ...buildRecords(environment, live, { files }) }
}

async function noteProblems(problems: BuiltRecords['problems']): Promise<void> {
  const { formatProblem } = await import('../../shared/problem.ts')
  for (const problem of problems) writeNote(formatProblem(problem))
}
