import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { abortJob, deleteJob, queueJob, setDestruction } from '../../shared/uws/change-job.ts'
import { newJobId } from '../../shared/uws/create-job.ts'
import { UWS_DDL } from '../../shared/uws/ddl.ts'
import { type Item, listEvents, type UwsEvent } from '../../shared/uws/event.ts'
import { noteLogin } from '../../shared/uws/note-login.ts'
import {
  createNotification,
  endNotifications,
  listAllNotifications,
  listNotifications,
  removeNotification,
} from '../../shared/uws/notify.ts'
import { forgetCleared, markCleared, markDispatched } from '../../shared/uws/owed-work.ts'
import { findOwedItems, forgetEvents, publishOwed, settleEvents } from '../../shared/uws/publish-events.ts'
import { readUsage } from '../../shared/uws/quota.ts'
import { readJob } from '../../shared/uws/read-jobs.ts'
import { endShares, listShares, shareJob, unshareJob } from '../../shared/uws/share-job.ts'
import { createSyncJob } from '../../shared/uws/sync-jobs.ts'
import { claimJob, completeJob, renewLease } from '../../shared/uws/work-on-job.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { makeJob, RESULT, uploadOf } from './make-job.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase({ initialised: false, keep: true })
  await database.pool.query(UWS_DDL)
})
afterAll(() => database.drop())

const itemOf = (id: string, type = 'job'): Item => ({ server: 'tap', type, id })
const eventsOf = (id: string, type = 'job') => listEvents(database.pool, itemOf(id, type))
const kindsOf = async (id: string, type = 'job') => (await eventsOf(id, type)).map(({ kind }) => kind)
const HOUR = () => new Date(Date.now() + 3_600_000)

describe('each cause has its event, in the same transaction', () => {
  test('JOB_CREATED, JOB_UPDATED and JOB_REMOVED, with what the job is then', async () => {
    const { id } = await makeJob(database.pool, { owner: 'ann', runId: 'night 7' })
    await queueJob(database.pool, id)
    await markDispatched(database.pool, id)
    const claim = (await claimJob(database.pool, id, 30))!
    await renewLease(database.pool, claim, 30)
    await completeJob(database.pool, claim, RESULT, 'v1')
    await setDestruction(database.pool, id, HOUR(), 7200)
    await deleteJob(database.pool, id)
    await markCleared(database.pool, id)
    await forgetCleared(database.pool, 'tap')
    const events = await eventsOf(id)
    expect(events.map(({ kind, data }) => [kind, data.phase])).toEqual([
      ['JOB_CREATED', 'PENDING'],
      ['JOB_UPDATED', 'QUEUED'],
      ['JOB_UPDATED', 'EXECUTING'],
      ['JOB_UPDATED', 'COMPLETED'],
      ['JOB_UPDATED', 'COMPLETED'],
      ['JOB_REMOVED', 'COMPLETED'],
    ])
    const { destruction } = events[4]!.data
    expect(destruction).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(events[3]).toMatchObject({ owner: 'ann', data: { runId: 'night 7', rows: 1, bytes: 12, release: 'v1' } })
    const sequence = events.map((event) => Number(event.sequence))
    expect(sequence).toEqual(sequence.toSorted((a, b) => a - b))
  })

  test('none where nothing has changed, or the transaction has failed', async () => {
    const { id } = await makeJob(database.pool)
    await queueJob(database.pool, id)
    await queueJob(database.pool, id)
    expect(await kindsOf(id)).toEqual(['JOB_CREATED', 'JOB_UPDATED'])
    const client = await database.pool.connect()
    await client.query('begin')
    await client.query(`update uws.job set phase = 'ABORTED' where id = $1`, [id])
    await client.query('rollback')
    client.release()
    expect(await kindsOf(id)).toEqual(['JOB_CREATED', 'JOB_UPDATED'])
  })

  test('QUOTA_UPDATED, when the bytes of an owner change', async () => {
    const { id } = await makeJob(database.pool, { owner: 'bea', uploads: [uploadOf(5)], run: true })
    await completeJob(database.pool, (await claimJob(database.pool, id, 30))!, RESULT, 'v1')
    await deleteJob(database.pool, id)
    const events = await eventsOf('bea', 'user')
    expect(events.map(({ kind, data }) => [kind, data.storedBytes])).toEqual([
      ['QUOTA_UPDATED', 5],
      ['QUOTA_UPDATED', 17],
      ['QUOTA_UPDATED', 0],
    ])
  })

  test('QUOTA_UPDATED says in the end what is there, whatever changes at once', async () => {
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        makeJob(database.pool, { owner: 'bob', uploads: [uploadOf(1 + index)], run: true }),
      ),
    )
    const claims = await Promise.all(made.map(({ id }) => claimJob(database.pool, id, 30)))
    await Promise.all(
      claims.map((claim, index) =>
        index % 3 === 0 ? deleteJob(database.pool, claim!.id) : completeJob(database.pool, claim!, RESULT, 'v1'),
      ),
    )
    const [last] = (await eventsOf('bob', 'user')).toReversed()
    const { storedBytes } = await readUsage(database.pool, 'tap', 'bob')
    expect(storedBytes).toBeGreaterThan(0)
    expect(last).toMatchObject({ kind: 'QUOTA_UPDATED', data: { storedBytes } })
  })

  test('SHARE_CREATED, SHARE_UPDATED and SHARE_REMOVED, among those of the job', async () => {
    const { id } = await makeJob(database.pool, { owner: 'carl' })
    const until = HOUR()
    const [dan, astro] = [{ type: 'user', name: 'dan' } as const, { type: 'group', name: 'astro' } as const]
    expect(await shareJob(database.pool, id, [dan, astro], null)).toBe(true)
    await shareJob(database.pool, id, [dan], null)
    await shareJob(database.pool, id, [dan], until)
    await unshareJob(database.pool, id, [astro, { type: 'user', name: 'astro' }])
    expect(await listShares(database.pool, itemOf(id))).toMatchObject([{ grantee: dan, until }])
    await deleteJob(database.pool, id)
    const events = await eventsOf(id)
    expect(events.map(({ kind, data }) => [kind, data.user ?? data.group])).toEqual([
      ['JOB_CREATED', undefined],
      ['SHARE_CREATED', 'dan'],
      ['SHARE_CREATED', 'astro'],
      ['SHARE_UPDATED', 'dan'],
      ['SHARE_REMOVED', 'astro'],
      ['SHARE_REMOVED', 'dan'],
      ['JOB_REMOVED', undefined],
    ])
    expect(await shareJob(database.pool, id, [dan], null)).toBe(false)
  })

  test('a share whose time is over is no share, and ends with an event', async () => {
    const { id } = await makeJob(database.pool, { owner: 'carl' })
    await shareJob(database.pool, id, [{ type: 'user', name: 'dan' }], new Date(Date.now() - 1000))
    expect(await listShares(database.pool, itemOf(id))).toEqual([])
    expect(await endShares(database.pool, 'tap')).toBe(1)
    expect(await kindsOf(id)).toEqual(['JOB_CREATED', 'SHARE_CREATED', 'SHARE_REMOVED'])
  })

  test('NOTIFICATION_CREATED and NOTIFICATION_REMOVED', async () => {
    const about = { server: 'tap', kind: 'maintenance', message: 'closed on Monday', seconds: 60 }
    const all = await createNotification(database.pool, { ...about, recipient: null })
    const own = await createNotification(database.pool, { ...about, recipient: 'ann' })
    const again = await createNotification(database.pool, { ...about, recipient: 'ann', seconds: 120 })
    expect(again.id).toBe(own.id)
    expect(again.until.getTime()).toBeGreaterThan(own.until.getTime())
    const idsFor = async (user: string | null) =>
      (await listNotifications(database.pool, 'tap', user)).map(({ id }) => id)
    expect([await idsFor('ann'), await idsFor('bea'), await idsFor(null)]).toEqual([
      [own.id, all.id],
      [all.id],
      [all.id],
    ])
    expect(await listAllNotifications(database.pool, 'tap')).toHaveLength(2)
    expect(await removeNotification(database.pool, 'other', all.id)).toBe(false)
    expect(await removeNotification(database.pool, 'tap', all.id)).toBe(true)
    expect(await removeNotification(database.pool, 'tap', 'x')).toBe(false)
    await database.pool.query('update uws.notification set expires_at = now()')
    expect(await idsFor('ann')).toEqual([])
    expect(await endNotifications(database.pool, 'tap')).toBe(1)
    for (const id of [all.id, own.id]) {
      expect(await kindsOf(id, 'notification')).toEqual(['NOTIFICATION_CREATED', 'NOTIFICATION_REMOVED'])
    }
  })

  test('LOGIN, once in a while, however many notice it', async () => {
    const noted = await Promise.all([1, 2, 3, 4].map(() => noteLogin(database.pool, 'tap', 'gil', 3600)))
    expect(noted.filter(Boolean)).toHaveLength(1)
    expect(await noteLogin(database.pool, 'tap', 'gil', 0)).toBe(true)
    expect(await kindsOf('gil', 'user')).toEqual(['LOGIN', 'LOGIN'])
  })

  test('a sync query has none', async () => {
    const id = newJobId()
    const about = { id, server: 'tap', owner: 'ann', runId: null, parameters: [], executionSeconds: 1, keptSeconds: 1 }
    await createSyncJob(database.pool, about, {})
    expect(await readJob(database.pool, 'tap', id)).toMatchObject({ mode: 'sync', phase: 'EXECUTING' })
    expect(await abortJob(database.pool, id)).toBeUndefined()
    expect(await deleteJob(database.pool, id)).toBe(false)
    expect(await kindsOf(id)).toEqual([])
  })
})

describe('publishing', () => {
  /** A job with five events. */
  async function busy(): Promise<string> {
    const { id } = await makeJob(database.pool)
    for (let hours = 1; hours < 5; hours++) {
      await setDestruction(database.pool, id, new Date(Date.now() + hours * 60_000), 7200)
    }
    return id
  }

  test('is in order and complete, however many publish at once', async () => {
    const id = await busy()
    const sent: UwsEvent[] = []
    const publish = async (event: UwsEvent) => {
      await new Promise(setImmediate)
      sent.push(event)
    }
    const counts = await Promise.all([1, 2, 3, 4].map(() => publishOwed(database.pool, itemOf(id), publish)))
    expect(counts.reduce((sum, count) => sum + count)).toBe(5)
    expect(sent).toEqual(await eventsOf(id))
    expect(await publishOwed(database.pool, itemOf(id), publish)).toBe(0)
  })

  test('is in order while the job is changed by many', async () => {
    const { id } = await makeJob(database.pool, { owner: 'ann' })
    const sent: number[] = []
    const publish = async (event: UwsEvent) => void sent.push(Number(event.sequence))
    const change = async (index: number) => {
      const user = { type: 'user', name: `user ${index % 3}` } as const
      for (let round = 0; round < 4; round++) {
        if (index % 2 === 0)
          await setDestruction(database.pool, id, new Date(Date.now() + 60_000 * (index + round)), 7200)
        else if (round % 2 === 0) await shareJob(database.pool, id, [user], null)
        else await unshareJob(database.pool, id, [user])
        await publishOwed(database.pool, itemOf(id), publish)
      }
    }
    await Promise.all(Array.from({ length: 8 }, (_, index) => change(index)))
    await publishOwed(database.pool, itemOf(id), publish)
    expect(sent).toEqual((await eventsOf(id)).map(({ sequence }) => Number(sequence)))
    expect(sent.length).toBeGreaterThan(20)
  })

  test('that fails leaves the event and those after it owed', async () => {
    const id = await busy()
    const sent: UwsEvent[] = []
    const fail = async (event: UwsEvent) => {
      if (sent.length === 2) throw new Error('Pub/Sub is away')
      sent.push(event)
    }
    await expect(publishOwed(database.pool, itemOf(id), fail)).rejects.toThrow('Pub/Sub is away')
    expect(await findOwedItems(database.pool, 'tap', 1000)).toContainEqual(itemOf(id))
    await publishOwed(database.pool, itemOf(id), async (event) => void sent.push(event))
    expect(sent).toEqual(await eventsOf(id))
  })

  test('by one that died goes on after a while, with the same event', async () => {
    const id = await busy()
    const sent: string[] = []
    const dying = publishOwed(database.pool, itemOf(id), () => new Promise<never>(() => {}))
    await expect.poll(async () => (await takenOf(id)).length).toBe(1)
    const publish = async (event: UwsEvent) => void sent.push(event.sequence)
    expect(await publishOwed(database.pool, itemOf(id), publish)).toBe(0)
    await database.pool.query(`update uws.event set sending_until = now() - interval '1 s' where item = $1`, [id])
    expect(await publishOwed(database.pool, itemOf(id), publish)).toBe(5)
    expect(sent).toEqual((await eventsOf(id)).map(({ sequence }) => sequence))
    void dying
  })

  const takenOf = async (id: string) =>
    (await database.pool.query('select from uws.event where item = $1 and sending_until > now()', [id])).rows

  test('is not wanted: nothing is owed any more', async () => {
    const id = await busy()
    await settleEvents(database.pool, 'tap')
    expect(await findOwedItems(database.pool, 'tap', 1000)).toEqual([])
    expect(await kindsOf(id)).toHaveLength(5)
  })

  test('old events are forgotten when they are published and their job is gone', async () => {
    const [kept, gone] = [await busy(), await busy()]
    await settleEvents(database.pool, 'tap')
    await deleteJob(database.pool, gone)
    await database.pool.query('delete from uws.job where id = $1', [gone])
    await database.pool.query(`update uws.event set occurred_at = now() - interval '10 days'`)
    expect(await forgetEvents(database.pool, 'tap', 20, 1000)).toBe(0)
    await forgetEvents(database.pool, 'tap', 5, 1000)
    expect([(await kindsOf(kept)).length, await kindsOf(gone)]).toEqual([5, ['JOB_REMOVED']])
    await settleEvents(database.pool, 'tap')
    await forgetEvents(database.pool, 'tap', 5, 1000)
    expect(await kindsOf(gone)).toEqual([])
  })
})
