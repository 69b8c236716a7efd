import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { abortJob, deleteJob, queueJob, setDestruction } from '../../shared/uws/change-job.ts'
import { UWS_DDL } from '../../shared/uws/ddl.ts'
import { listEvents } from '../../shared/uws/event.ts'
import {
  deleteDue,
  findUncleared,
  forgetCleared,
  markCleared,
  markDispatched,
  markOwed,
  takeBackSilent,
  takeUndispatched,
} from '../../shared/uws/owed-work.ts'
import type { Phase } from '../../shared/uws/phase.ts'
import { QuotaError, readUsage } from '../../shared/uws/quota.ts'
import { readJob } from '../../shared/uws/read-jobs.ts'
import {
  type Claim,
  claimJob,
  completeJob,
  expireJob,
  failJob,
  holdsClaim,
  renewLease,
  returnJob,
} from '../../shared/uws/work-on-job.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { makeJob, RESULT } from './make-job.ts'

/**
 * Whatever is done to jobs, in whatever order, by clients, workers (also old ones) and the watcher: the table does what this
 * model of it says. Names of DESIGN §8.3.
 */

let database: TestDatabase
let runs = 0

beforeAll(async () => {
  database = await createTestDatabase({ initialised: false, keep: true })
  await database.pool.query(UWS_DDL)
})
afterAll(() => database.drop())

/** As many jobs as their owner may have under way, and one more. */
const MOST = 2
const LIMITS = { underway: MOST }
const RECORD_DAYS = 5

interface ModelJob {
  readonly id: string
  /** null: gone. */
  phase: Phase | null
  /** Claims so far; the last one is good while the job is EXECUTING. */
  readonly claims: Claim[]
  silences: number
  isSilent: boolean
  hasResult: boolean
  isSent: boolean
  /** Events that there must be. */
  events: string[]
}

interface World {
  readonly server: string
  readonly jobs: ModelJob[]
}

const ACTIVE: readonly (Phase | null)[] = ['PENDING', 'QUEUED', 'EXECUTING']
const isUnderway = ({ phase }: ModelJob) => phase === 'QUEUED' || phase === 'EXECUTING'

function move(job: ModelJob, phase: Phase): void {
  job.phase = phase
  job.events.push(`JOB_UPDATED ${phase}`)
}

function remove(job: ModelJob): void {
  const last = ACTIVE.includes(job.phase) ? 'ABORTED' : job.phase
  job.events.push(`JOB_REMOVED ${last}`)
  job.phase = null
}

/** What may be done to one job, picked by number, or to all of a server. @returns nothing, after comparing what it said */
type Step = (world: World, job: ModelJob, pick: number) => Promise<void>

const isGood = ({ phase, claims }: ModelJob, claim: Claim | undefined) =>
  phase === 'EXECUTING' && claim !== undefined && claim === claims.at(-1)

/** A worker's write, with any of the claims that there have been. */
function work(write: (claim: Claim) => Promise<boolean>, after: (job: ModelJob) => void): Step {
  return async (_world, job, pick) => {
    const claim = job.claims[pick % Math.max(job.claims.length, 1)]
    if (claim === undefined) return
    const good = isGood(job, claim)
    expect(await write(claim)).toBe(good)
    if (good) after(job)
  }
}

const STEPS: Readonly<Record<string, Step>> = {
  async make({ server, jobs }, _job, pick) {
    const run = pick % 2 === 0
    const full = jobs.filter(isUnderway).length >= MOST
    const made = makeJob(database.pool, { server, owner: 'ann', run }, LIMITS)
    if (run && full) return void (await expect(made).rejects.toBeInstanceOf(QuotaError))
    const { id } = await made
    const phase = run ? 'QUEUED' : 'PENDING'
    const events = [`JOB_CREATED ${phase}`]
    jobs.push({ id, phase, claims: [], silences: 0, isSilent: false, hasResult: false, isSent: false, events })
  },
  async queue({ jobs }, job) {
    const asked = queueJob(database.pool, job.id, LIMITS)
    if (job.phase !== 'PENDING') return void expect(await asked).toBeUndefined()
    if (jobs.filter(isUnderway).length >= MOST) return void (await expect(asked).rejects.toBeInstanceOf(QuotaError))
    expect(await asked).toMatchObject({ phase: 'QUEUED' })
    move(job, 'QUEUED')
  },
  async abort(_world, job) {
    const aborted = await abortJob(database.pool, job.id)
    if (!ACTIVE.includes(job.phase)) return void expect(aborted).toBeUndefined()
    expect(aborted).toMatchObject({ phase: 'ABORTED' })
    move(job, 'ABORTED')
  },
  async delete(_world, job) {
    expect(await deleteJob(database.pool, job.id)).toBe(job.phase !== null)
    if (job.phase !== null) remove(job)
  },
  async claim(_world, job) {
    const claimed = await claimJob(database.pool, job.id, 30)
    if (job.phase !== 'QUEUED') return void expect(claimed).toBeUndefined()
    const last = job.claims.at(-1)?.fence ?? '0'
    expect(BigInt(claimed?.fence ?? 0)).toBeGreaterThan(BigInt(last))
    job.claims.push({ id: job.id, fence: claimed?.fence ?? '' })
    job.isSilent = false
    move(job, 'EXECUTING')
  },
  hold: work(
    (claim) => holdsClaim(database.pool, claim),
    () => {},
  ),
  renew: work(
    (claim) => renewLease(database.pool, claim, 30),
    (job) => {
      job.isSilent = false
    },
  ),
  complete: work(
    (claim) => completeJob(database.pool, claim, { ...RESULT, generation: claim.fence }, 'v1'),
    (job) => {
      job.hasResult = true
      move(job, 'COMPLETED')
    },
  ),
  fail: work(
    (claim) => failJob(database.pool, claim, { type: 'fatal', message: 'no' }),
    (job) => move(job, 'ERROR'),
  ),
  expire: work(
    (claim) => expireJob(database.pool, claim, 'too long'),
    (job) => move(job, 'ABORTED'),
  ),
  return: work(
    (claim) => returnJob(database.pool, claim),
    (job) => {
      job.isSent = false
      move(job, 'QUEUED')
    },
  ),
  async freeze(_world, job) {
    if (job.phase !== 'EXECUTING') return
    await database.pool.query(`update uws.job set lease_until = now() - interval '1 s' where id = $1`, [job.id])
    job.isSilent = true
  },
  async watch({ server, jobs }) {
    const silent = jobs.filter((job) => job.phase === 'EXECUTING' && job.isSilent)
    const taken = await takeBackSilent(database.pool, server)
    expect(taken.toSorted()).toEqual(silent.map(({ id }) => id).toSorted())
    for (const job of silent) {
      move(job, job.silences < 2 ? 'QUEUED' : 'ERROR')
      job.silences += 1
      job.isSent = false
    }
    const unsent = jobs.filter((job) => job.phase === 'QUEUED' && !job.isSent)
    const sent = await takeUndispatched(database.pool, server, 600)
    expect(sent.toSorted()).toEqual(unsent.map(({ id }) => id).toSorted())
    for (const job of unsent) job.isSent = true
  },
  /** A worker dies, and the next one takes the job. */
  async replace(world, job, pick) {
    await STEPS.claim?.(world, job, pick)
    await STEPS.freeze?.(world, job, pick)
    await STEPS.watch?.(world, job, pick)
    await STEPS.claim?.(world, job, pick)
  },
  async send(_world, job) {
    const first = job.phase === 'QUEUED' && !job.isSent
    expect(await markDispatched(database.pool, job.id)).toBe(first)
    job.isSent ||= first
  },
  async lose(_world, job) {
    await markOwed(database.pool, job.id)
    if (job.phase === 'QUEUED') job.isSent = false
  },
  async due({ server, jobs }, job) {
    const isDue = job.phase !== null && job.phase !== 'ARCHIVED'
    const changed = await setDestruction(database.pool, job.id, new Date(0), 3600)
    expect(changed === undefined).toBe(!isDue)
    if (isDue) job.events.push(`JOB_UPDATED ${job.phase}`)
    expect(await deleteDue(database.pool, server, RECORD_DAYS)).toBe(isDue ? 1 : 0)
    if (isDue) move(job, 'ARCHIVED')
    for (const other of jobs) if (other.phase === 'ARCHIVED') other.hasResult = false
  },
  async forget({ server }, job) {
    await database.pool.query(
      `update uws.job set destruction = now() - interval '6 days' where id = $1 and phase = 'ARCHIVED'`,
      [job.id],
    )
    if (job.phase === 'ARCHIVED') job.events.push('JOB_UPDATED ARCHIVED')
    expect(await deleteDue(database.pool, server, RECORD_DAYS)).toBe(job.phase === 'ARCHIVED' ? 1 : 0)
    if (job.phase === 'ARCHIVED') remove(job)
  },
  async clear({ server, jobs }) {
    for (const id of await findUncleared(database.pool, server, 100)) {
      expect([null, 'ARCHIVED']).toContain(jobs.find((job) => job.id === id)?.phase)
      await markCleared(database.pool, id)
    }
    await forgetCleared(database.pool, server)
    const { rows } = await database.pool.query<{ id: string }>('select id from uws.job where server = $1', [server])
    const there = jobs.filter(({ phase }) => phase !== null).map(({ id }) => id)
    expect(rows.map(({ id }) => id).toSorted()).toEqual(there.toSorted())
  },
}

/** What can be seen of the jobs, and what is counted, is what the model says. */
async function compare({ server, jobs }: World): Promise<void> {
  for (const job of jobs) {
    const read = await readJob(database.pool, server, job.id)
    expect(read?.phase ?? null).toBe(job.phase)
    const last = job.claims.at(-1)?.fence
    if (job.phase === 'COMPLETED') expect(read?.result?.generation).toBe(last)
    if (job.phase === 'ERROR') expect(read?.error).not.toBeNull()
    const ended = job.phase !== null && !ACTIVE.includes(job.phase)
    if (job.phase !== null) expect(read?.ended !== null).toBe(ended)
    const events = await listEvents(database.pool, { server, type: 'job', id: job.id })
    expect(events.map(({ kind, data }) => `${kind} ${data.phase}`)).toEqual(job.events)
  }
  const count = (wanted: (job: ModelJob) => boolean) => jobs.filter(wanted).length
  expect(await readUsage(database.pool, server, 'ann')).toEqual({
    underway: count(isUnderway),
    queued: count(({ phase }) => phase === 'QUEUED'),
    sync: 0,
    storedBytes: RESULT.bytes * count(({ phase }) => phase === 'COMPLETED'),
  })
}

test('jobs change as the model says, whatever is done to them in whatever order', async () => {
  // What happens only to a job that several workers have had would be too rare by itself.
  const names = [...Object.keys(STEPS), 'replace', 'replace', 'claim', 'claim', 'complete', 'renew']
  const step = fc.record({ name: fc.constantFrom(...names), job: fc.nat(1), pick: fc.nat(5) })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const world: World = { server: `tap${++runs}`, jobs: [] }
      await STEPS.make?.(world, undefined as never, runs)
      for (const { name, job, pick } of steps) {
        const wanted = world.jobs[job % Math.max(world.jobs.length, 1)]
        if (wanted !== undefined) await STEPS[name]?.(world, wanted, pick)
      }
      await compare(world)
    }),
    { numRuns: 60 },
  )
})
