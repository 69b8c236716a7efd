import { existsSync, readFileSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lockState } from '../../local/state-lock.ts'

export interface StateFolder {
  readonly path: string
  /** Process id of its PostgreSQL; null: it was stopped, or never started. */
  postgresPid(): number | null
  isLocked(): boolean
  remove(): Promise<void>
}

/** A folder for `almagest start --state`, which also the unprivileged user of PostgreSQL can enter. */
export async function makeStateFolder(): Promise<StateFolder> {
  const path = await mkdtemp(join(tmpdir(), 'almagest-state-'))
  await chmod(path, 0o755)
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
