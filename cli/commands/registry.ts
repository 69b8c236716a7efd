import type { Command } from 'commander'
import type { Environment } from '../../shared/environment/environment.ts'
import type { BuiltRecords } from '../../shared/registry/build-records.ts'
import { FAILED } from '../terminal/exit-codes.ts'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import { type OutputOptions, writeNote, writeResult } from '../terminal/output.ts'
import { withProgress } from '../terminal/progress.ts'
import { addExamples } from './examples.ts'

interface RegistryFlags extends OutputOptions {
  readonly offline?: true
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
    .option('--json', 'print one JSON document')
    .action(validate)
  addExamples(
    command,
    [
      'registry list environment.yaml',
      'registry show environment.yaml ivo://observatory.example/tap',
      'registry validate --offline environment.yaml',
    ],
    [
      'The records are those of the environment file, with what its TAP servers have live. validate ends with 1 if one of',
      'them must not be published; list and show write them all the same, and what is wrong to stderr.',
    ],
  )
}

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

async function validate(file: string, flags: RegistryFlags): Promise<void> {
  const { records, problems } = await build(file, flags)
  const { formatProblem } = await import('../../shared/problem.ts')
  const failed = problems.some(({ severity }) => severity === 'error')
  writeResult({ ok: !failed, records: records.length, problems }, flags, () =>
    [...problems.map(formatProblem), `${file}: ${records.length} records${failed ? '' : ', fit to be published'}`].join(
      '\n',
    ),
  )
  if (failed) process.exitCode = FAILED
}

async function build(file: string, { offline }: RegistryFlags): Promise<BuiltRecords> {
  endOnInterrupt()
  const { loadEnvironment } = await import('../../shared/deployment/environment-file.ts')
  const { openLogger } = await import('./publish/open-location.ts')
  const { buildRecords } = await import('../../shared/registry/build-records.ts')
  const environment: Environment = await loadEnvironment(openLogger(), file)
  if (offline) return buildRecords(environment, new Map())
  const { readLive } = await import('./registry/read-live.ts')
  return buildRecords(environment, await withProgress('reading what is live', () => readLive(environment)))
}

async function noteProblems(problems: BuiltRecords['problems']): Promise<void> {
  const { formatProblem } = await import('../../shared/problem.ts')
  for (const problem of problems) writeNote(formatProblem(problem))
}
