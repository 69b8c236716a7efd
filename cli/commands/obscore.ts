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
  const { describeCopied } = await import('./obscore/describe.ts')
  const { withPool } = await import('./server/connect.ts')
  const from = requireDatabase({ database: flags.from ?? '' })
  await withMapping(flags, (to, { source }) =>
    withPool(from, async (pool) => {
      do {
        const copied = await withProgress('comparing documents', () => copyDocuments(pool, to, source))
        writeResult(copied, flags, describeCopied)
        if (flags.every !== undefined) await pause(flags.every * 1000)
      } while (flags.every !== undefined)
    }),
  )
}

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
