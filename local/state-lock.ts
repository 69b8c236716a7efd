import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { link, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../shared/failure.ts'

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
 * Locks are numbered files, and the highest number counts; it stays, emptied, when its owner is done. So no lock is ever
 * removed that somebody else might hold, and of several that find the same lock stale one gets the next number.
 *
 * @returns a function that gives the folder back
 * @throws StateInUseError
 */
export async function lockState(folder: string): Promise<() => Promise<void>> {
  const mine = JSON.stringify({ pid: process.pid, birth: birthOf(process.pid) } satisfies Owner)
  for (;;) {
    const newest = Math.max(0, ...(await lockNumbers(folder)))
    const owner = await readOwner(lockFile(folder, newest))
    if (owner !== null && isAlive(owner)) throw new StateInUseError(folder, owner.pid)
    const number = newest + 1
    if (!(await createWhole(lockFile(folder, number), mine))) continue
    const others = (await lockNumbers(folder)).filter((other) => other !== number)
    if (others.every((other) => other < number)) {
      for (const other of others) await rm(lockFile(folder, other), { force: true })
      return () => truncate(lockFile(folder, number))
    }
    // The number was free again because later ones have cleared up already.
    await rm(lockFile(folder, number))
  }
}

function lockFile(folder: string, number: number): string {
  return join(folder, `lock.${number}`)
}

async function lockNumbers(folder: string): Promise<number[]> {
  const names = await readdir(folder)
  return names.flatMap((name) => /^lock\.(\d{1,15})$/.exec(name)?.slice(1).map(Number) ?? [])
}

/** A link is made whole or not at all: nobody ever sees a lock that is still being written. False: it is there. */
async function createWhole(file: string, content: string): Promise<boolean> {
  const prepared = `${file}.${randomUUID()}`
  await writeFile(prepared, content)
  try {
    await link(prepared, file)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    await rm(prepared, { force: true })
  }
}

/** null: nobody. */
async function readOwner(file: string): Promise<Owner | null> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return parseOwner(text)
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
