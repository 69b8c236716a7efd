import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LocalPostgres } from './postgres.ts'

/**
 * Stops PostgreSQL also when the process ends in a way that leaves no time to wait: it goes on by itself otherwise.
 *
 * @returns a function that stops it the proper way
 */
export function stopAtExit({ dataDirectory, stop }: LocalPostgres): () => Promise<void> {
  const stopNow = () => {
    const pid = Number.parseInt(readFileSync(join(dataDirectory, 'postmaster.pid'), 'utf8'), 10)
    if (pid > 0) process.kill(pid, 'SIGINT')
  }
  const atExit = () => {
    try {
      stopNow()
    } catch {
      // It is gone already.
    }
  }
  process.once('exit', atExit)
  return async () => {
    await stop()
    process.off('exit', atExit)
  }
}
