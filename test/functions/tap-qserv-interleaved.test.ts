import { afterAll, beforeAll, expect, test } from 'vitest'
import { watchQueries } from '../../functions/watch-queries/watch-queries.ts'
import type { ServedTap } from '../../shared/deployment/served-tap.ts'
import { runs } from '../support/effort.ts'
import { randomNumbers } from '../support/random-numbers.ts'
import { type GatedWorker, startGatedWorker } from './gated-worker.ts'
import { type QservJobs, RUN, startQservJobs, THREE } from './qserv-jobs-service.ts'

/**
 * Workers that meet at any step of a job in Qserv: one that was too slow goes on beside the one that has its job now, dies, or
 * freezes and wakes. `INTERLEAVED_SEED` is another course of things; which step comes first is also up to the machine.
 */

const SEED = Number(process.env.INTERLEAVED_SEED ?? Date.now() % 1_000_000)
const JOBS = 4
const STEPS = 150
const NEAR =
  'SELECT o.object_id, t.n FROM survey.object AS o JOIN TAP_UPLOAD.mine AS t ON DISTANCE(o.ra, o.dec, t.ra, t.dec) < 0.01'

/** Nothing else may be the end of a job: no query and no result was taken away from a worker that needed it. */
const FAIR =
  /it is not known whether Qserv|stopped several times|started several times|cannot be read|broke off|ended early/

let under: QservJobs

beforeAll(async () => {
  under = await startQservJobs()
})
afterAll(() => under.stop())

test.each(Array.from({ length: runs(3) }, (_, run) => SEED + run))(
  'whichever worker takes which step when, each job ends, and nothing is left in Qserv (seed %i)',
  async (seed) => {
    const random = randomNumbers(seed)
    const any = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)]
    const { jobs, qserv } = under
    const { pool } = jobs.tap.database
    const { logger } = jobs
    const workers: GatedWorker[] = []
    const frozen = new Set<GatedWorker>()
    let isFree = false
    const begin = (job: string) => {
      const worker = startGatedWorker(server, jobs.tap.database.url, job, logger)
      workers.push(worker)
      if (isFree) worker.free()
    }
    const { openJobs, ...rest } = jobs.servers.get('tap')!
    const queue = { send: async ({ job = '' }: Readonly<Record<string, string>>) => begin(job) }
    const server: ServedTap = { ...rest, openJobs: async () => ({ ...(await openJobs!()), queue }) }
    const watch = () => watchQueries({ servers: new Map([['tap', server]]), logger })
    const expire = () =>
      pool.query(`update uws.job set lease_until = clock_timestamp() where phase = 'EXECUTING' and lease_until <> 'infinity';
                  update uws.job set dispatched_at = clock_timestamp() - interval '1 day' where phase = 'QUEUED';
                  update uws.remote set looked_at = null, sent_at = null, kept_until = kept_until - interval '1 day'`)

    jobs.deliver('never')
    const created = await Promise.all(
      Array.from({ length: JOBS }, (_, index) => (index % 2 === 0 ? jobs.create(RUN) : createWithUpload())),
    )
    const aborted = new Set<string>()
    let killed = 0
    const kill = (worker: GatedWorker | undefined) => {
      worker?.kill()
      killed += 1
    }
    const actions: readonly (readonly [number, () => unknown])[] = [
      [60, () => any(workers.filter((worker) => !worker.isDone && !frozen.has(worker)))?.next?.()],
      [8, () => begin(any(created)!)],
      [8, watch],
      [8, expire],
      [4, () => kill(any(workers.filter(({ isDone }) => !isDone)))],
      [4, () => frozen.add(workers.at(-1)!)],
      [3, () => frozen.clear()],
      [2, () => qserv.faults.add({ route: 'result', kind: 'truncate', bytes: 90 })],
      [1, () => qserv.faults.add({ route: 'submit', kind: 'reset-after' })],
      [
        1,
        async () => {
          const job = any(created)!
          const { status } = await jobs.post(`/async/${job}/phase`, { PHASE: 'ABORT' })
          if (status === 303 && (await jobs.phase(job)) === 'ABORTED') aborted.add(job)
        },
      ],
    ]
    const total = actions.reduce((sum, [weight]) => sum + weight, 0)
    for (const job of created) begin(job)
    for (let step = 0; step < STEPS; step++) {
      let choice = random() * total
      await actions.find(([weight]) => {
        choice -= weight
        return choice < 0
      })?.[1]()
      // What the step does may come to its next gate.
      await new Promise((done) => setTimeout(done, 4))
    }

    isFree = true
    qserv.faults.clear()
    for (const worker of workers) {
      if (frozen.has(worker) && random() < 0.5) kill(worker)
      else worker.free()
    }
    for (let round = 0; round < 30; round++) {
      for (let index = 0; index < workers.length; index++) await workers[index]!.done
      await expire()
      await watch()
      const { rows } = await pool.query(
        `select id from uws.job where phase in ('QUEUED', 'EXECUTING')
         union all select job from uws.remote where state <> 'submitting' or kept_until is not null`,
      )
      if (rows.length === 0 && workers.every(({ isDone }) => isDone)) break
    }
    const { rows } = await pool.query('select to_jsonb(j) as job from uws.job j where phase in ($1, $2)', [
      'QUEUED',
      'EXECUTING',
    ])
    expect(rows).toEqual([])
    for (const [index, job] of created.entries()) {
      const phase = await jobs.phase(job)
      if (aborted.has(job)) expect([job, phase]).toEqual([job, 'ABORTED'])
      else if (phase === 'COMPLETED') expect(await under.resultOf(job)).toEqual(index % 2 === 0 ? THREE : [['1', '7']])
      else expect(await under.errorOf(job)).toMatch(FAIR)
      // What a killed worker had written is left to collect-results.
      const objects = (await under.objectsOf(job)).length
      expect(objects - killed).toBeLessThanOrEqual(phase === 'COMPLETED' ? 1 : 0)
    }
    // A worker that died before it had the name of its query leaves that to Qserv.
    expect((await pool.query(`select state from uws.remote where state <> 'submitting'`)).rows).toEqual([])
    await pool.query('delete from uws.remote')
    for (const id of qserv.queries.unclaimed()) qserv.queries.dropResult(BigInt(id))
  },
)

async function createWithUpload(): Promise<string> {
  const form = new FormData()
  for (const [name, value] of Object.entries({ ...RUN, QUERY: NEAR, UPLOAD: 'mine,param:t' })) form.set(name, value)
  form.set('t', new Blob(['n,ra,dec\n7,0.36,-89.82\n'], { type: 'text/csv' }), 't.csv')
  const answer = await fetch(`${under.jobs.tap.url}/async`, { method: 'POST', body: form, redirect: 'manual' })
  expect(answer.status).toBe(303)
  return answer.headers.get('location')?.split('/').at(-1) ?? ''
}
