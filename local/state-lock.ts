import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Failure } from '../shared/failure.ts'

/** Another stack runs on the same state folder. */
export class StateInUseError extends Failure {
  constructor(folder: string, pid: string, cause: unknown) {
    const advice = `stop it first (Ctrl-C in its terminal, or \`kill ${pid}\`), or give another folder with --state`
    super('conflict', 'state_in_use', `process ${pid} is running on ${folder} already: ${advice}`, { cause })
  }
}

/** "Result and Error Codes" of SQLite. */
const SQLITE_BUSY = 5

/** A lock that nothing refers to would be closed as garbage. */
const HELD = new Set<DatabaseSync>()

/**
 * Takes a state folder for this process. SQLite locks its file by the means of the operating system, which ends every
 * lock with its process.
 *
 * @returns a function that gives the folder back
 * @throws StateInUseError, and an error of SQLite when the folder cannot be written to
 */
export function lockState(folder: string): () => void {
  const lock = new DatabaseSync(join(folder, 'lock.db'), { timeout: 0 })
  const owner = join(folder, 'lock.pid')
  try {
    lock.exec('begin exclusive')
    writeFileSync(owner, String(process.pid))
  } catch (error) {
    lock.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY)
      throw new StateInUseError(folder, readFileSync(owner, 'utf8'), error)
    throw error
  }
  HELD.add(lock)
  return () => {
    HELD.delete(lock)
    lock.close()
  }
}
