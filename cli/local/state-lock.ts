import { readFileSync } from 'node:fs'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../shared/failure.ts'

/** Another stack runs on the same state folder. */
export class StateInUseError extends Failure {
  readonly permanent = true
  readonly pid: number
  constructor(folder: string, pid: number) {
    const advice = `stop it first (Ctrl-C in its terminal, or \`kill ${pid}\`), or give another folder with --state`
    super('state_in_use', `process ${pid} is running on ${folder} already: ${advice}`)
    this.pid = pid
  }
}

interface Owner {
  readonly pid: number
  /** Tells a process from a later one with the same number; null: this system does not say. */
  readonly birth: string | null
}

/**
 * Takes a state folder for this process. The lock of a process that was killed counts as none.
 *
 * @returns a function that gives the folder back
 * @throws StateInUseError
 */
export async function lockState(folder: string): Promise<() => Promise<void>> {
  const file = join(folder, 'lock')
  const mine = `${JSON.stringify({ pid: process.pid, birth: birthOf(process.pid) } satisfies Owner)}\n`
  const prepared = `${file}.${process.pid}`
  try {
    await writeFile(prepared, mine)
    // A link is made whole or not at all: nobody ever sees a lock that is still being written.
    while (!(await succeeds(link(prepared, file), 'EEXIST'))) await removeStale(folder, file)
  } finally {
    await rm(prepared, { force: true })
  }
  return async () => {
    if ((await readFile(file, 'utf8').catch(() => '')) === mine) await rm(file, { force: true })
  }
}

/** @throws StateInUseError when its owner is alive */
async function removeStale(folder: string, file: string): Promise<void> {
  const found = await readFile(file, 'utf8').catch(() => null)
  if (found === null) return
  const owner = parseOwner(found)
  if (owner !== null && isAlive(owner)) throw new StateInUseError(folder, owner.pid)
  // Another start may have found it stale too, and have its own lock there by now: that one is put back.
  const taken = `${file}.stale.${process.pid}`
  if (!(await succeeds(rename(file, taken), 'ENOENT'))) return
  if ((await readFile(taken, 'utf8')) !== found) await succeeds(link(taken, file), 'EEXIST')
  await rm(taken, { force: true })
}

async function succeeds(operation: Promise<unknown>, otherwise: string): Promise<boolean> {
  try {
    await operation
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === otherwise) return false
    throw error
  }
}

function parseOwner(text: string): Owner | null {
  try {
    const { pid, birth } = JSON.parse(text)
    return Number.isInteger(pid) && pid > 0 ? { pid, birth: typeof birth === 'string' ? birth : null } : null
  } catch {
    return null
  }
}

function isAlive({ pid, birth }: Owner): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it is there and belongs to somebody else.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false
  }
  const now = birthOf(pid)
  return birth === null || now === null || birth === now
}

/** Boot and start time of a process, on Linux ("proc(5)": field 22 of `stat`). */
function birthOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    // The name in parentheses may hold anything.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    return ticks === undefined ? null : `${boot}:${ticks}`
  } catch {
    return null
  }
}
