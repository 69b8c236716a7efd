import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { lockState } from './state-lock.ts'

/** Where PostgreSQL keeps its data, unless it may not enter this folder. */
const DATABASE = 'postgres'
const LOCK = 'lock'

/**
 * Takes the state folder for this process, made when it is not there.
 *
 * @param reset whether everything in it goes first
 * @returns a function that gives it back
 * @throws StateInUseError
 */
export async function openState(folder: string, { reset }: { readonly reset: boolean }): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true })
  const unlock = await lockState(folder)
  try {
    if (reset) await empty(folder)
  } catch (error) {
    await unlock()
    throw error
  }
  return unlock
}

/** A PostgreSQL that a killed start left running keeps its data: it is stopped, and emptied, by the next one. */
async function empty(folder: string): Promise<void> {
  const kept = (await isServing(join(folder, DATABASE))) ? [LOCK, DATABASE] : [LOCK]
  const names = (await readdir(folder)).filter((name) => !kept.includes(name))
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
