import { expect } from 'vitest'
import { prepareFunctions } from '../../local/qserv/run-sql.ts'
import type { Script } from '../../local/qserv/script.ts'
import { type LocalQserv, startQserv } from '../../local/qserv/server.ts'
import { readVotable } from '../support/read-votable.ts'
import { type JobsUnderTest, startJobs } from './tap-jobs-service.ts'

/** Jobs whose queries a Qserv runs. */
export interface QservJobs {
  readonly jobs: JobsUnderTest
  readonly qserv: LocalQserv
  /** Moves Qserv's clock, by milliseconds. */
  advance(milliseconds: number): void
  /** What the next queries do; without more they run for a minute. */
  slow(script?: Partial<Script>): void
  /** Rounds of watching, as many as it takes until nothing is left to do. */
  settle(): Promise<void>
  /** As if Qserv could not be loading any more what an attempt has left behind. */
  passTime(): Promise<void>
  /** Settles; the phase of the job. */
  ended(job: string): Promise<string>
  resultOf(job: string): Promise<readonly (readonly string[])[]>
  objectsOf(job: string): Promise<readonly string[]>
  errorOf(job: string): Promise<string>
  /** The end of each test: nothing of it is in Qserv, or noted to be. */
  assertClean(): Promise<void>
  stop(): Promise<void>
}

const QUERY = 'SELECT object_id, ra FROM survey.object WHERE object_id < 3 ORDER BY object_id'
export const RUN = { QUERY, LANG: 'ADQL', PHASE: 'RUN', RESPONSEFORMAT: 'votable/td' } as const
export const THREE = [
  ['0', '0'],
  ['1', '0.36'],
  ['2', '0.72'],
]

export async function startQservJobs(): Promise<QservJobs> {
  const service: string[] = []
  let qserv: LocalQserv | undefined
  let moved = 0
  const jobs = await startJobs({
    keep: true,
    service,
    async prepare(database) {
      await prepareFunctions(database.pool)
      qserv = await startQserv({ pool: database.pool, firstId: 2n ** 53n + 1n, now: () => Date.now() + moved })
      service.push(
        `query: {type: qserv, qserv: {url: "${qserv.url}", connections: 15, limits: {queries: 18, queriesPerUser: 1000}}}`,
      )
    },
  })
  if (qserv === undefined) throw new Error('there is no Qserv')
  const czar = qserv
  const { pool } = jobs.tap.database
  const settle = async () => {
    for (let round = 0; round < 20; round++) {
      // Looks are at most one a second: the clock of the database is moved instead of waiting.
      await pool.query(`update uws.remote set looked_at = looked_at - interval '2 s'`)
      await jobs.watch().catch(() => {})
      await jobs.idle()
      const { rows } = await pool.query(
        `select from uws.remote where kept_until is null union all select from uws.job where phase in ('QUEUED', 'EXECUTING')`,
      )
      if (rows.length === 0) return
    }
  }
  const passTime = async () => {
    await pool.query(`update uws.remote set kept_until = kept_until - interval '1 day', looked_at = null`)
    await settle()
  }
  return {
    ...{ jobs, qserv: czar, settle, passTime },
    advance(milliseconds) {
      moved += milliseconds
    },
    slow(script = {}) {
      czar.queries.script = { runMs: 60_000, ...script }
    },
    async ended(job) {
      await jobs.idle()
      await settle()
      return jobs.phase(job)
    },
    resultOf: async (job) => readVotable((await jobs.tap.get(`/async/${job}/results/result`)).content).texts,
    async objectsOf(job) {
      const answer = await fetch(`${jobs.gcs.endpoint}/b/tap-results/o?prefix=r/${job.slice(0, 2)}/${job}/`)
      const { items = [] } = (await answer.json()) as { items?: readonly { name: string }[] }
      return items.map(({ name }) => name)
    },
    errorOf: async (job) => (await jobs.tap.get(`/async/${job}/error`)).text,
    async assertClean() {
      czar.faults.clear()
      czar.queries.script = {}
      czar.userTables.ingestMs = 0
      jobs.deliver('at once')
      await settle()
      await passTime()
      // What a failed test has left is not the next one's.
      await pool.query(`update uws.job set phase = 'ABORTED' where phase in ('QUEUED', 'EXECUTING')`)
      await settle()
      czar.assertClean()
      const { rows } = await pool.query('select job, state from uws.remote')
      expect(rows).toEqual([])
    },
    async stop() {
      await jobs.stop()
      await czar.stop()
    },
  }
}
