import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { LocalQserv } from '../../local/qserv/server.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { randomNumbers } from '../support/random-numbers.ts'
import { settle } from './checks.ts'
import { BUCKET, type Fleet, startFleet } from './fleet.ts'
import { mishapsOf } from './upset.ts'
import { askAtOnce, create, QUICK, queryWithUpload } from './users.ts'

/** QSERV_JOBS=500 for a large one; INSTANCES_SEED for another one. */
const JOBS = Number(process.env.QSERV_JOBS ?? 17)
const SEED = Number(process.env.INSTANCES_SEED ?? 1)

/** What goes wrong here, of all that can. */
const NAMES = /^(Qserv|run-query killed|watched|leases lost)/

const logger = createLogger({ write: () => {}, projectId: 'p' })
let fleet: Fleet

beforeAll(async () => {
  fleet = await startFleet(randomNumbers(SEED), logger, { qserv: 'only' })
})
afterAll(() => fleet.stop())

test('queries of Qserv lose nothing while processes are killed, submits are in doubt, the czar starts anew and results come slowly', async () => {
  const { qserv } = fleet
  if (qserv === null) throw new Error('there is no Qserv')
  const random = randomNumbers(SEED)
  let unclear = 0
  const killed = {
    name: 'tap killed while Qserv answers it',
    happen: async () => {
      unclear += 1
      await killWhileAnswering(qserv)
    },
  }
  const mishaps = [
    killed,
    ...mishapsOf(fleet, random).filter(({ name }) => NAMES.test(name)),
    { name: 'an upload', happen: () => askAtOnce(fleet, 'user1') },
  ]
  const paths: string[] = []
  const deleted = new Set<string>()
  for (let job = 0; job < JOBS; job++) {
    qserv.queries.script = { runMs: Math.floor(random() * 600), cancelMs: Math.floor(random() * 200) }
    const path = await create(fleet, `user${job % 5}`, { ...QUICK, PHASE: 'RUN' })
    paths.push(path)
    if (random() < 0.2) await fleet.call(`user${job % 5}`, 'POST', `${path}/phase`, { PHASE: 'ABORT' })
    else if (random() < 0.15) {
      await fleet.call(`user${job % 5}`, 'DELETE', path)
      deleted.add(path)
    }
    const mishap = mishaps[job % mishaps.length]
    if (mishap?.name === 'Qserv: submit in doubt') unclear += 1
    await mishap?.happen()
  }
  qserv.faults.clear()
  await settle(fleet, 110_000)
  await checkResults(paths, deleted)
  // What a worker had submitted when it was killed, or a doubt, is seen by nobody: no more than those.
  expect(qserv.queries.live()).toEqual([])
  const kills = Math.ceil(JOBS / mishaps.length)
  expect(qserv.queries.unclaimed().length).toBeLessThanOrEqual(unclear + kills)
  for (const id of qserv.queries.unclaimed()) qserv.queries.dropResult(BigInt(id))
  qserv.assertClean()
}, 180_000)

/** SIGKILL for an instance of `tap` that has a sync query with an upload in Qserv. */
async function killWhileAnswering(qserv: LocalQserv): Promise<void> {
  const [victim] = fleet.processes.tap
  if (victim === undefined) throw new Error('there is no instance of tap')
  const before = qserv.userTables.databases().length
  const headers = { 'x-auth-request-user': 'user1' }
  const asked = fetch(`${victim.url}/tap/sync`, { method: 'POST', headers, body: queryWithUpload() }).then(
    (answer) => answer.text(),
    String,
  )
  await vi.waitUntil(() => qserv.userTables.databases().length > before, { timeout: 10_000, interval: 5 })
  await fleet.replace(victim)
  await asked
}

/** Every job that is COMPLETED has its one object, and no other job has any. */
async function checkResults(paths: readonly string[], deleted: ReadonlySet<string>): Promise<void> {
  const { rows } = await fleet.pool.query<{ id: string; phase: string; object: string | null }>(
    `select id, phase, result ->> 'object' as object from uws.job`,
  )
  // A request that made a job and had no answer was sent again: there may be jobs that nobody knows of.
  const known = new Set(rows.map(({ id }) => `/async/${id}`))
  expect(paths.filter((path) => known.has(path) === deleted.has(path))).toEqual([])
  expect(rows.filter(({ phase }) => !['COMPLETED', 'ABORTED', 'ERROR'].includes(phase))).toEqual([])
  expect(rows.filter(({ phase }) => phase === 'COMPLETED').length).toBeGreaterThan(0)
  const wanted = rows.flatMap(({ object }) => object ?? [])
  const objects = (fleet.gcs.store.objects(BUCKET) ?? []).map(({ name }) => name)
  expect(wanted.filter((name) => !objects.includes(name))).toEqual([])
  for (const { id, phase, object } of rows) {
    if (phase !== 'COMPLETED') continue
    const path = paths.find((candidate) => candidate.endsWith(id))
    if (path === undefined) continue
    const owner = `user${paths.indexOf(path) % 5}`
    const { status, text } = await fleet.call(owner, 'GET', `${path}/results/result`)
    expect([status, object === null]).toEqual([200, false])
    expect(text).toBe('object_id,ra\r\n0,0\r\n1,0.18\r\n2,0.36\r\n3,0.54\r\n4,0.72\r\n')
  }
}
