import pg from 'pg'
import { runJob } from '../../functions/run-query/run-query.ts'
import type { ServedTap } from '../../shared/deployment/served-tap.ts'
import type { Logger } from '../../shared/platform/log/log.ts'

/** A worker that runs one job as `run-query` does, but waits before each statement and each request to Qserv. */
export interface GatedWorker {
  /** The next step, if it waits for one. */
  readonly next: (() => void) | undefined
  /** Whether it has nothing to do any more. */
  readonly isDone: boolean
  /** It does not wait any more. */
  free(): void
  /** As SIGKILL: it does nothing any more, and its sessions are over. */
  kill(): void
  /** Resolves when it has done its work; at once when it was killed. */
  readonly done: Promise<void>
}

/** @param url of the database of the jobs, to which it has sessions of its own */
export function startGatedWorker(server: ServedTap, url: string, job: string, logger: Logger): GatedWorker {
  const pool = new pg.Pool({ connectionString: url, max: 2 })
  pool.on('error', () => {})
  const gates: (() => void)[] = []
  const sessions = new Set<pg.PoolClient>()
  let isFree = false
  let isDead = false
  let isDone = false
  let bury = () => {}
  const killed = new Promise<void>((resolve) => {
    bury = resolve
  })
  const pass = () =>
    new Promise<void>((resolve) => {
      if (isFree && !isDead) resolve()
      else if (!isDead) gates.push(resolve)
    })
  /** The same object, whose methods wait first. */
  const gated = <T extends object>(target: T, names: readonly (keyof T)[]): T =>
    new Proxy(target, {
      get(_, key) {
        const value: unknown = Reflect.get(target, key)
        if (typeof value !== 'function') return value
        if (!names.includes(key as keyof T)) return value.bind(target)
        return async (...args: unknown[]) => {
          await pass()
          return Reflect.apply(value, target, args)
        }
      },
    })
  const connect = async () => {
    const client = await pool.connect()
    sessions.add(client)
    if (isDead) endSessions()
    const release = (error?: Error | boolean) => {
      if (sessions.delete(client)) client.release(error)
    }
    return new Proxy(gated(client, ['query']), {
      get: (target, key) => (key === 'release' ? release : Reflect.get(target, key)),
    })
  }
  const endSessions = () => {
    for (const client of sessions) client.release(true)
    sessions.clear()
  }
  const { openJobs, open } = server
  const work = runJob(
    {
      ...server,
      async openJobs() {
        const withSessions = new Proxy(gated(pool, ['query']), {
          get: (target, key) => (key === 'connect' ? connect : Reflect.get(target, key)),
        })
        return { ...(await openJobs!()), pool: withSessions }
      },
      async open() {
        const backend = await open()
        const client = gated(backend.qserv!.client, [
          ...(['submit', 'status', 'openResult', 'deleteResult', 'cancel', 'dropDatabase'] as const),
        ])
        return { ...backend, qserv: { ...backend.qserv!, client } }
      },
    },
    job,
    logger,
  )
    .catch((error: unknown) => logger.info('the worker failed', { error }))
    .finally(async () => {
      if (isDone) return
      isDone = true
      await pool.end()
    })
  return {
    get next() {
      return gates.shift()
    },
    get isDone() {
      return isDone
    },
    free() {
      isFree = true
      for (const open of gates.splice(0)) open()
    },
    kill() {
      if (isDone) return
      isDead = true
      isDone = true
      gates.length = 0
      // The server rolls back what they have begun.
      endSessions()
      void pool.end()
      bury()
    },
    done: Promise.race([work, killed]),
  }
}
