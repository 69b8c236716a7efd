import type pg from 'pg'
import { runJob } from '../../functions/run-query/run-query.ts'
import type { JobsUnderTest } from './tap-jobs-service.ts'

/**
 * Runs a new job by a worker whose n-th statement outside of a transaction fails, or is done without its answer; with 0 all
 * are answered. Then time passes: whoever was silent has lost the job, and messages count as owed.
 *
 * @param isDone whether the server has done the statement
 * @returns the job, and how many statements the worker has made
 */
export async function runLosing(
  jobs: JobsUnderTest,
  parameters: Readonly<Record<string, string>>,
  step: number,
  isDone: boolean,
): Promise<{ readonly job: string; readonly steps: number }> {
  let steps = 0
  const losing = (pool: pg.Pool) => {
    const query = async (...args: unknown[]) => {
      steps += 1
      const isLost = steps === step
      const answer = isLost && !isDone ? undefined : await Reflect.apply(pool.query, pool, args)
      if (isLost) throw new Error('Connection terminated unexpectedly')
      return answer
    }
    return new Proxy(pool, {
      get: (target, key) =>
        key === 'query' ? query : key === 'connect' ? () => target.connect() : Reflect.get(target, key),
    })
  }
  const { openJobs, ...server } = jobs.servers.get('tap')!
  jobs.deliver('never')
  const job = await jobs.create(parameters)
  const backend = await openJobs!()
  const worker = { ...server, openJobs: async () => ({ ...backend, pool: losing(backend.pool) }) }
  await runJob(worker, job, jobs.logger).catch(() => {})
  jobs.deliver('at once')
  const { pool } = jobs.tap.database
  await pool.query(
    `update uws.job set lease_until = now() - interval '1 s' where phase = 'EXECUTING' and lease_until <> 'infinity'`,
  )
  await jobs.watch()
  await pool.query(`update uws.job set dispatched_at = null where phase = 'QUEUED'`)
  await jobs.watch()
  return { job, steps }
}
