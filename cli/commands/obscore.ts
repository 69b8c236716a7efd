import type { Command } from 'commander'
import type pg from 'pg'
import type { ObscoreMapping } from '../../shared/obscore/mapping.ts'
import { FAILED } from '../terminal/exit-codes.ts'
import { endOnInterrupt } from '../terminal/interrupt.ts'
import { type OutputOptions, writeNote, writeResult } from '../terminal/output.ts'
import { withProgress } from '../terminal/progress.ts'
import { addExamples } from './examples.ts'
import { parseDeadline, parseInteger, parseList, parseText } from './parsers.ts'
import { addDatabaseOptions, type DatabaseFlags, requireDatabase } from './server/database-options.ts'

interface ObscoreFlags extends DatabaseFlags, OutputOptions {
  readonly environment?: string
  readonly reader?: readonly string[]
  readonly deadline?: number
  readonly sessions?: number
  readonly from?: string
  readonly every?: number
  readonly changed?: string
  readonly fullEvery?: number
}

export function declare(command: Command): void {
  const add = (name: string, summary: string) =>
    addDatabaseOptions(command.command(name).summary(summary).description(`${summary}.`))
      .option(
        '--environment <file>',
        'the mapping is the section obscore of this file (default: that of the SKA)',
        parseText,
      )
      .option('--json', 'print one JSON document')
  add('init', 'prepare a database: role, tables, functions and trigger')
    .option('--reader <role>', 'role that may read ivoa.obscore; repeatable (default: none)', parseList)
    .option('--deadline <seconds>', 'how long to keep trying for the locks (default: 30)', parseDeadline)
    .action(init)
  add('rebuild', 'make the table anew beside the live one, and exchange both')
    .option('--sessions <number>', 'how many sessions work at the same time (default: 2)', parseSessions)
    .option('--deadline <seconds>', 'how long to keep trying for the locks, at each step (default: 30)', parseDeadline)
    .action(rebuild)
  add('check', 'compute every row anew and compare').action(check)
  add('status', 'show what there is, and what is wrong with documents').action(status)
  add('poll', 'copy documents that have changed from another database')
    .requiredOption('--from <url>', 'PostgreSQL URL of the database where the documents are written', parseText)
    .option('--every <seconds>', 'do it again and again, after a pause (default: once)', parseDeadline)
    .option(
      '--changed <column>',
      'between full comparisons, read only what this column of times says has changed',
      parseText,
    )
    .option(
      '--full-every <runs>',
      'with --changed: how often everything is compared (default: each 60th time)',
      parseRuns,
    )
    .action(poll)
  addExamples(
    command,
    [
      'obscore init --database postgresql://rucio@db/metadata --environment environment.yaml --reader tap',
      'obscore rebuild --database postgresql://rucio@db/metadata --environment environment.yaml',
      'obscore check --database postgresql://rucio@db/metadata --json',
      'obscore status --database postgresql://rucio@db/metadata',
      'obscore poll --from postgresql://reader@rucio-db/rucio --database postgresql://tap@db/tap --every 60',
    ],
    [
      'The login must own the table of the documents. init and rebuild can be run again at any time; Rucio can go on writing.',
      'check ends with 1 if a row is not what its document comes to.',
    ],
  )
}

function parseSessions(value: string): number {
  return parseInteger(value, 1, 4, 'a number from 1 to 4')
}

function parseRuns(value: string): number {
  return parseInteger(value, 1, 1_000_000, 'a number of runs, 1 or more')
}

async function init(flags: ObscoreFlags): Promise<void> {
  endOnInterrupt()
  const { installObscore } = await import('../../shared/obscore/install.ts')
  const { databaseUserOf } = await import('../../shared/platform/postgres/cloud-sql.ts')
  const { describeInstalled } = await import('./obscore/describe.ts')
  const readers = (flags.reader ?? []).map(databaseUserOf)
  const options = { readers, ...deadlineOf(flags) }
  const installed = await withMapping(flags, (pool, mapping) =>
    withProgress('preparing ObsCore', () => installObscore(pool, mapping, options)),
  )
  writeResult({ ...installed, readers }, flags, describeInstalled)
}

async function rebuild(flags: ObscoreFlags): Promise<void> {
  const stop = new AbortController()
  process.once('SIGINT', () => {
    writeNote('interrupted: the live table is as it was; a moment, while the new one is removed')
    stop.abort(new Error('interrupted'))
  })
  const { rebuildObscore } = await import('../../shared/obscore/rebuild.ts')
  const { describeRebuilt } = await import('./obscore/describe.ts')
  const { showRebuild } = await import('./obscore/show-progress.ts')
  const progress = showRebuild()
  const sessions = flags.sessions === undefined ? {} : { sessions: flags.sessions }
  const options = { ...sessions, ...deadlineOf(flags), onProgress: progress.update, signal: stop.signal }
  const rebuilt = await withMapping(flags, (pool, mapping) => rebuildObscore(pool, mapping, options)).finally(
    progress.end,
  )
  writeResult(rebuilt, flags, describeRebuilt)
}

async function check(flags: ObscoreFlags): Promise<void> {
  endOnInterrupt()
  const { checkObscore } = await import('../../shared/obscore/check.ts')
  const { describeCheck } = await import('./obscore/describe.ts')
  const found = await withMapping(flags, (pool, mapping) =>
    withProgress('comparing', () => checkObscore(pool, mapping)),
  )
  writeResult(found, flags, describeCheck)
  if (found.differences > 0 || !found.isCurrent) process.exitCode = FAILED
}

async function status(flags: ObscoreFlags): Promise<void> {
  endOnInterrupt()
  const { readObscoreStatus } = await import('../../shared/obscore/status.ts')
  const { describeStatus } = await import('./obscore/describe.ts')
  writeResult(await withMapping(flags, readObscoreStatus), flags, describeStatus)
}

async function poll(flags: ObscoreFlags): Promise<void> {
  endOnInterrupt()
  const { setTimeout: pause } = await import('node:timers/promises')
  const { copyDocuments } = await import('../../shared/obscore/copy-documents.ts')
  const { copyChanges, readWatermark } = await import('../../shared/obscore/copy-changes.ts')
  const { describeCopied } = await import('./obscore/describe.ts')
  const { withPool } = await import('./server/connect.ts')
  const from = requireDatabase({ database: flags.from ?? '' })
  const { changed, every, fullEvery = FULL_EVERY } = flags
  await withMapping(flags, (to, { source }) =>
    withPool(from, async (pool) => {
      let since: string | null = null
      for (let run = 0; ; run++) {
        // Before the reading: what is not committed by now is read the next time.
        const watermark: string | null = changed === undefined ? null : await readWatermark(pool)
        const last = since
        const copy =
          changed === undefined || last === null || run % fullEvery === 0
            ? () => copyDocuments(pool, to, source)
            : () => copyChanges(pool, to, source, { column: changed, since: last })
        writeResult(await withProgress('comparing documents', copy), flags, describeCopied)
        if (every === undefined) return
        since = watermark
        await pause(every * 1000)
      }
    }),
  )
}

/** Deleted documents are found by a comparison of everything only. */
const FULL_EVERY = 60

/** Runs an operation on the database, with the mapping of the environment. */
async function withMapping<T>(
  flags: ObscoreFlags,
  operation: (pool: pg.Pool, mapping: ObscoreMapping) => Promise<T>,
): Promise<T> {
  const target = requireDatabase(flags)
  const { withPool } = await import('./server/connect.ts')
  const mapping = await readMapping(flags.environment)
  return withPool(target, (pool) => operation(pool, mapping))
}

async function readMapping(file: string | undefined): Promise<ObscoreMapping> {
  const { DEFAULT_MAPPING } = await import('../../shared/obscore/mapping.ts')
  if (file === undefined) return DEFAULT_MAPPING
  const { loadEnvironment } = await import('../../shared/deployment/environment-file.ts')
  const { openLogger } = await import('./publish/open-location.ts')
  return (await loadEnvironment(openLogger(), file)).obscore ?? DEFAULT_MAPPING
}

function deadlineOf({ deadline }: ObscoreFlags): { readonly deadlineMs?: number } {
  return deadline === undefined ? {} : { deadlineMs: deadline * 1000 }
}
