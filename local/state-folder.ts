import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../cli/terminal/usage-error.ts'
import { LOGIN_KINDS } from './databases.ts'
import { DISCOVERY_FILES } from './describe-environment.ts'
import { environmentFile } from './environment.ts'
import { lockState } from './state-lock.ts'

/** Where PostgreSQL keeps its data, unless it may not enter this folder. */
const DATABASE = 'postgres'

/** The console's page, as `npm start` builds it when somebody opens it. */
export const CONSOLE_FOLDER = 'console'

/** What `--reset` removes; whatever else somebody keeps in the folder is not ours. */
const CONTENTS: readonly string[] = [
  DATABASE,
  'buckets',
  'releases.json',
  ...LOGIN_KINDS.map(environmentFile),
  ...DISCOVERY_FILES,
  CONSOLE_FOLDER,
  'log.jsonl',
  'log.jsonl.old',
]

/**
 * Takes the state folder for this process, made when it is not there.
 *
 * @param reset whether what earlier starts left in it goes first
 * @returns a function that gives it back
 * @throws StateInUseError, UsageError
 */
export async function openState(folder: string, { reset }: { readonly reset: boolean }): Promise<() => void> {
  const unlock = await takeFolder(folder)
  try {
    if (reset) await empty(folder)
  } catch (error) {
    unlock()
    throw error
  }
  return unlock
}

async function takeFolder(folder: string): Promise<() => void> {
  try {
    await mkdir(folder, { recursive: true })
    return lockState(folder)
  } catch (error) {
    // Of the file system, or of SQLite.
    if (!(error instanceof Error && ('syscall' in error || 'errcode' in error))) throw error
    throw new UsageError(`the state cannot be kept in ${folder}: ${error.message}`, error)
  }
}

/** A PostgreSQL that a killed start left running keeps its data: it is stopped, and emptied, by the next one. */
async function empty(folder: string): Promise<void> {
  const keepsData = await isServing(join(folder, DATABASE))
  const names = CONTENTS.filter((name) => !(keepsData && name === DATABASE))
  for (const name of names) await rm(join(folder, name), { recursive: true, force: true })
}

async function isServing(dataDirectory: string): Promise<boolean> {
  const content = await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8').catch(() => '')
  const pid = Number.parseInt(content, 10)
  try {
    return pid > 0 && process.kill(pid, 0)
  } catch {
    return false
  }
}
