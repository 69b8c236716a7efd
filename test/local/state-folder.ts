import { existsSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { lockState } from '../../local/state-lock.ts'
import { makeMemoryFolder } from '../support/memory-folder.ts'

export interface StateFolder {
  readonly path: string
  /** Process id of its PostgreSQL; null: it was stopped, or never started. */
  postgresPid(): number | null
  isLocked(): boolean
  remove(): Promise<void>
}

/** A folder for `almagest start --state`, which also the unprivileged user of PostgreSQL can enter. */
export async function makeStateFolder(): Promise<StateFolder> {
  const path = await makeMemoryFolder('almagest-state-')
  return {
    path,
    postgresPid: () => {
      const file = join(path, 'postgres', 'postmaster.pid')
      return existsSync(file) ? Number.parseInt(readFileSync(file, 'utf8'), 10) : null
    },
    isLocked: () => {
      try {
        lockState(path)()
        return false
      } catch {
        return true
      }
    },
    remove: () => rm(path, { recursive: true, force: true }),
  }
}

export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
