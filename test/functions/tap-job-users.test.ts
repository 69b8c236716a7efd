import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createNotification } from '../../shared/uws/notify.ts'
import { tokenUser } from '../support/token-user.ts'
import { type JobsUnderTest, startJobs } from './tap-jobs-service.ts'
import { readAnswer } from './tap-service.ts'

const QUERY = { LANG: 'ADQL', QUERY: 'SELECT TOP 3 object_id, ra FROM survey.object ORDER BY object_id' }
const RUN = { ...QUERY, PHASE: 'RUN' }

const USERS = [
  tokenUser('ann'),
  tokenUser('dan'),
  tokenUser('gil', [], { groups: ['other', 'astro'] }),
  tokenUser('eve', [], { groups: ['other'] }),
  tokenUser('max'),
  tokenUser('raz'),
  tokenUser('tom', [], { concurrent: new Map([['qserv', 1]]) }),
]

let jobs: JobsUnderTest

beforeAll(async () => {
  jobs = await startJobs({
    keep: true,
    jobs: [
      'quotas: {tokenService: qserv, users: {max: {underway: 2, storedBytes: 2000, sync: 1}, raz: {underway: 3, sync: 3}}}',
    ],
    service: ['access: {type: gafaelfawr}'],
    environment: 'discovery: {tokenInfoUrl: "https://data.example.org/token-info"}\n',
    dependencies: { lookUpToken: async (token) => USERS.find(({ username }) => username === token) },
  })
})
afterAll(() => jobs.stop())
beforeEach(() => jobs.deliver('at once'))

const as = (user: string | null): Record<string, string> => (user === null ? {} : { authorization: `Bearer ${user}` })
const get = (user: string | null, path: string) => jobs.tap.get(path, as(user))
const post = (user: string | null, path: string, form: Record<string, string>) => jobs.post(path, form, as(user))
const json = async (user: string | null, path: string) => JSON.parse((await get(user, path)).text)
const call = (user: string, method: string, path: string, form?: string) =>
  jobs.tap.call(method, path, {
    headers: { ...as(user), 'content-type': 'application/x-www-form-urlencoded' },
    ...(form === undefined ? {} : { body: form }),
  })
const phase = async (user: string, job: string) => (await get(user, `/async/${job}/phase`)).text
const listed = async (user: string, query = '') =>
  [...(await get(user, `/async${query}`)).text.matchAll(/<uws:jobref id="(\w+)"/g)].map(([, id]) => id)
const rowsOf = async (user: string, mode: string) =>
  (
    await jobs.tap.database.pool.query(
      'select id, phase, parameters, error, release from uws.job where owner = $1 and mode = $2 order by created_at',
      [user, mode],
    )
  ).rows

async function completed(user: string): Promise<string> {
  const job = await jobs.create(RUN, as(user))
  await jobs.idle()
  expect(await phase(user, job)).toBe('COMPLETED')
  return job
}

const sync = (user: string, query = QUERY.QUERY) =>
  get(user, `/sync?${new URLSearchParams({ LANG: 'ADQL', QUERY: query, FORMAT: 'csv' })}`)

describe('who may see and do what', () => {
  let job = ''
  let pending = ''
  beforeAll(async () => {
    job = await completed('ann')
    pending = await jobs.create(QUERY, as('ann'))
    for (const id of [job, pending]) {
      const { status, headers } = await post('ann', `/async/${id}/share`, { USER: 'dan', GROUP: 'astro' })
      expect([status, headers.location]).toEqual([303, `${jobs.tap.url}/async/${id}`])
    }
  })

  const READ = [
    '',
    '/phase',
    '/quote',
    '/owner',
    '/parameters',
    '/results',
    '/destruction',
    '/executionduration',
    '/results/result',
  ]
  const PRIVATE = ['/share', '/events']
  const CHANGES: readonly [path: string, form: Record<string, string>][] = [
    ['/phase', { PHASE: 'RUN' }],
    ['/phase', { PHASE: 'ABORT' }],
    ['/parameters', { QUERY: 'SELECT 1' }],
    ['/destruction', { DESTRUCTION: '2001-01-01' }],
    ['/executionduration', { EXECUTIONDURATION: '5' }],
    ['/share', { USER: 'eve' }],
    ['/share', { ACTION: 'REMOVE', USER: 'dan' }],
    ['', { ACTION: 'DELETE' }],
  ]

  test.each([
    ['its owner', 'ann', 200, 200],
    ['a user with whom it is shared', 'dan', 200, 403],
    ['a member of a group with which it is shared', 'gil', 200, 403],
    ['another user', 'eve', 403, 403],
    ['a request without a token', null, 401, 401],
    ['a token that is not valid', 'zoe', 401, 401],
  ])('%s', async (_who, user, read, own) => {
    for (const path of READ) expect([path, (await get(user, `/async/${job}${path}`)).status]).toEqual([path, read])
    for (const path of PRIVATE) expect([path, (await get(user, `/async/${job}${path}`)).status]).toEqual([path, own])
    if (user === 'ann') return
    for (const [path, form] of CHANGES) {
      const { status } = await post(user, `/async/${pending}${path}`, form)
      expect([path, form, status]).toEqual([path, form, own])
    }
    expect((await jobs.tap.call('DELETE', `/async/${pending}`, { headers: as(user) })).status).toBe(own)
    expect(await phase('ann', pending)).toBe('PENDING')
  })

  test('lists have what is one’s own; SHARED=true what is shared', async () => {
    expect(await listed('ann')).toEqual(expect.arrayContaining([job, pending]))
    for (const user of ['dan', 'gil', 'eve']) expect(await listed(user)).toEqual([])
    expect(await listed('dan', '?SHARED=true')).toEqual([pending, job])
    expect(await listed('gil', '?SHARED=true&PHASE=COMPLETED')).toEqual([job])
    for (const user of ['ann', 'eve']) expect(await listed(user, '?SHARED=true')).toEqual([])
    expect((await get('dan', '/async?SHARED=maybe')).status).toBe(400)
  })

  test('what is shared is listed, and is taken back', async () => {
    expect(await json('ann', `/async/${job}/share`)).toMatchObject({
      shares: [
        { user: 'dan', until: null },
        { group: 'astro', until: null },
      ],
    })
    await post('ann', `/async/${job}/share`, { ACTION: 'REMOVE', GROUP: 'astro' })
    expect((await get('gil', `/async/${job}`)).status).toBe(403)
    await post('ann', `/async/${job}/share`, { GROUP: 'astro', UNTIL: '2001-01-01' })
    expect((await get('gil', `/async/${job}`)).status).toBe(403)
    await post('ann', `/async/${job}/share`, { GROUP: 'astro', UNTIL: '2999-01-01' })
    expect((await get('gil', `/async/${job}`)).status).toBe(200)
    for (const wrong of [
      {},
      { USER: '' },
      { USER: 'a b' },
      { USER: 'x', UNTIL: 'soon' },
      { USER: 'x', ACTION: 'GIVE' },
    ]) {
      expect([wrong, (await post('ann', `/async/${job}/share`, wrong as Record<string, string>)).status]).toEqual([
        wrong,
        400,
      ])
    }
  })

  test('what happens to a job is listed for its owner, and published in order', async () => {
    const own = await completed('ann')
    await post('ann', `/async/${own}/share`, { USER: 'dan' })
    const { events } = await json('ann', `/async/${own}/events`)
    expect(events.map(({ event, data }: { event: string; data: { phase?: string } }) => [event, data.phase])).toEqual([
      ['JOB_CREATED', 'QUEUED'],
      ['JOB_UPDATED', 'EXECUTING'],
      ['JOB_UPDATED', 'COMPLETED'],
      ['SHARE_CREATED', undefined],
    ])
    await jobs.tap.call('DELETE', `/async/${own}`, { headers: as('ann') })
    const sent = jobs.published.filter(({ item }) => item === own)
    expect(sent.map(({ event }) => event)).toEqual([
      ...['JOB_CREATED', 'JOB_UPDATED', 'JOB_UPDATED', 'SHARE_CREATED', 'SHARE_REMOVED', 'JOB_REMOVED'],
    ])
    expect(sent[2]).toMatchObject({ server: 'tap', type: 'job', owner: 'ann', phase: 'COMPLETED' })
    const quota = jobs.published.filter(({ event, item }) => event === 'QUOTA_UPDATED' && item === 'ann')
    expect(quota.length).toBeGreaterThanOrEqual(2)
  })

  const MORE = 8

  test('events that Pub/Sub does not take are published by the watcher', async () => {
    jobs.deliver('fail')
    const own = await jobs.create(QUERY, as('ann'))
    for (let more = 0; more < MORE; more++) await jobs.create(QUERY, as('ann'))
    expect(jobs.published.filter(({ item }) => item === own)).toEqual([])
    await expect(jobs.watch()).rejects.toThrow('Pub/Sub is away')
    jobs.deliver('at once')
    // Those of several items are published at once, and all are counted.
    const before = jobs.published.length
    const { published } = await jobs.watch()
    expect(published).toBe(jobs.published.length - before)
    expect(published).toBeGreaterThan(MORE)
    expect(jobs.published.filter(({ item }) => item === own).map(({ event }) => event)).toEqual(['JOB_CREATED'])
  })

  test('a user who comes is noted once', async () => {
    const logins = () => jobs.published.filter(({ event, item }) => event === 'LOGIN' && item === 'dan')
    await expect.poll(logins).toHaveLength(1)
    await get('dan', '/async')
    expect(logins()).toHaveLength(1)
  })
})

describe('a quota that is reached', () => {
  test('refuses to start a job with 429, says what helps, and leaves the user a message', async () => {
    jobs.deliver('never')
    const started = [await jobs.create(RUN, as('max')), await jobs.create(RUN, as('max'))]
    const refused = await post('max', '/async', RUN)
    expect([refused.status, refused.text]).toEqual([
      429,
      expect.stringContaining('2 jobs that are queued or executing'),
    ])
    const waiting = await jobs.create(QUERY, as('max'))
    expect((await post('max', `/async/${waiting}/phase`, { PHASE: 'RUN' })).status).toBe(429)
    expect(await phase('max', waiting)).toBe('PENDING')
    expect(await rowsOf('max', 'async')).toHaveLength(3)
    const { notifications } = await json('max', '/notifications')
    expect(notifications).toMatchObject([{ kind: 'quota', message: expect.stringContaining('abort one') }])
    expect(await json('max', '/quota')).toEqual({
      limits: { underway: 2, storedBytes: 2000, sync: 1 },
      usage: { underway: 2, queued: 2, sync: 0, storedBytes: 0 },
    })
    for (const job of started) await post('max', `/async/${job}/phase`, { PHASE: 'ABORT' })
    expect((await post('max', `/async/${waiting}/phase`, { PHASE: 'RUN' })).status).toBe(303)
    await post('max', `/async/${waiting}/phase`, { PHASE: 'ABORT' })
  })

  test('lets no more through when twenty ask at once, for jobs nor for sync queries', async () => {
    jobs.deliver('never')
    const twenty = Array.from({ length: 20 })
    const made = await Promise.all(twenty.map(() => post('raz', '/async', RUN)))
    expect(made.map(({ status }) => status).toSorted()).toEqual([...Array(3).fill(303), ...Array(17).fill(429)])
    const SLOW = 'SELECT COUNT(*) FROM survey.object AS a, survey.object AS b, survey.object AS c'
    const abort = new AbortController()
    const url = `${jobs.tap.url}/sync?${new URLSearchParams({ LANG: 'ADQL', QUERY: SLOW })}`
    const statuses: number[] = []
    const asked = twenty.map(async () => {
      const answer = await fetch(url, { headers: as('raz'), signal: abort.signal }).catch(() => null)
      if (answer !== null) statuses.push(answer.status)
    })
    await expect.poll(() => statuses.length).toBe(17)
    expect(new Set(statuses)).toEqual(new Set([429]))
    expect((await rowsOf('raz', 'sync')).map((row) => row.phase)).toEqual(Array(3).fill('EXECUTING'))
    abort.abort()
    await Promise.all(asked)
  })

  test('of bytes ends a job in ERROR, and keeps no result', async () => {
    const many = { ...RUN, QUERY: 'SELECT object_id, ra, dec FROM survey.object' }
    const before = jobs.gcs.requests.length
    const job = await jobs.create(many, as('max'))
    await jobs.idle()
    expect(await phase('max', job)).toBe('ERROR')
    // It is not even written.
    expect(jobs.gcs.requests.slice(before).filter((request) => request.includes('upload_id='))).toEqual([])
    expect(readAnswer(await get('max', `/async/${job}/error`)).message).toContain('2000 bytes')
    const objects = jobs.gcs.store.objects('tap-results') ?? []
    expect(objects.filter(({ name }) => name.includes(job))).toEqual([])
  })

  test('of bytes refuses uploaded tables, and keeps none of them', async () => {
    const before = (jobs.gcs.store.objects('tap-results') ?? []).length
    const file = `--b\r\nContent-Disposition: form-data; name="t"; filename="t.csv"\r\n\r\n${'1\n'.repeat(1500)}\r\n--b--\r\n`
    const headers = { ...as('max'), 'content-type': 'multipart/form-data; boundary=b' }
    const { status, text } = await jobs.tap.call('POST', '/async', { headers, body: file })
    expect([status, text]).toEqual([429, expect.stringContaining('delete jobs')])
    const pending = await jobs.create(QUERY, as('max'))
    expect((await jobs.tap.call('POST', `/async/${pending}/parameters`, { headers, body: file })).status).toBe(429)
    expect((await get('max', `/async/${pending}/parameters`)).text).not.toContain('byReference')
    expect(jobs.gcs.store.objects('tap-results')).toHaveLength(before)
  })

  test('of a token limits jobs and sync queries', async () => {
    jobs.deliver('never')
    await jobs.create(RUN, as('tom'))
    expect((await post('tom', '/async', RUN)).status).toBe(429)
    expect(await json('tom', '/quota')).toMatchObject({ limits: { underway: 1, sync: 1 } })
  })
})

describe('a sync query', () => {
  const SLOW = 'SELECT COUNT(*) FROM survey.object AS a, survey.object AS b, survey.object AS c, survey.object AS d'

  test('is in the table, with its end; lists have it when they are asked', async () => {
    const before = (await rowsOf('eve', 'sync')).length
    expect((await sync('eve')).status).toBe(200)
    expect((await sync('eve', 'SELECT nothing FROM survey.object')).status).toBe(400)
    await expect
      .poll(async () => (await rowsOf('eve', 'sync')).slice(before).map((row) => row.phase))
      .toEqual([...['COMPLETED', 'ERROR']])
    const [good, bad] = (await rowsOf('eve', 'sync')).slice(before)
    expect(good).toMatchObject({ release: 'w.2026.01', error: null })
    expect(good.parameters).toContainEqual({ name: 'QUERY', value: QUERY.QUERY })
    expect(bad.error.message).toContain('There is no column nothing')
    expect(await listed('eve')).toEqual([])
    expect(await listed('eve', '?MODE=sync')).toEqual([bad.id, good.id])
    expect(await listed('eve', '?MODE=sync&MODE=async&PHASE=ERROR')).toEqual([bad.id])
    expect((await get('eve', '/async?MODE=both')).status).toBe(400)
    expect((await get('eve', `/async/${good.id}/results/result`)).text).toContain('is not kept')
    expect((await get('dan', `/async/${good.id}`)).status).toBe(403)
    expect((await jobs.tap.call('DELETE', `/async/${good.id}`, { headers: as('eve') })).status).toBe(303)
    expect(jobs.published.filter(({ item }) => item === good.id)).toEqual([])
  })

  test('is not started beyond the quota, belongs to its client while it runs, and ends with it', async () => {
    const abort = new AbortController()
    const url = `${jobs.tap.url}/sync?${new URLSearchParams({ LANG: 'ADQL', QUERY: SLOW })}`
    const running = fetch(url, { headers: as('max'), signal: abort.signal }).catch(() => null)
    await expect.poll(async () => (await rowsOf('max', 'sync')).map((row) => row.phase)).toEqual(['EXECUTING'])
    const refused = await sync('max')
    expect([refused.status, readAnswer(refused).message]).toEqual([
      429,
      expect.stringContaining('1 sync queries at once'),
    ])
    const [{ id }] = await rowsOf('max', 'sync')
    expect((await post('max', `/async/${id}/phase`, { PHASE: 'ABORT' })).status).toBe(403)
    expect((await post('max', `/async/${id}`, { ACTION: 'DELETE' })).status).toBe(403)
    abort.abort()
    await running
    await expect.poll(async () => (await rowsOf('max', 'sync')).map((row) => row.phase)).toEqual(['ABORTED'])
    expect((await sync('max')).status).toBe(200)
  })

  test('is answered though the table cannot be written; its first byte does not wait for that', async () => {
    const client = await jobs.tap.database.pool.connect()
    await client.query('begin; lock table uws.job in access exclusive mode')
    expect((await sync('eve')).status).toBe(200)
    await client.query('rollback')
    client.release()
  })
})

describe('records', () => {
  test('outlive the result: ARCHIVED, listed when asked for, and gone after their time', async () => {
    const { pool } = jobs.tap.database
    const job = await completed('ann')
    await post('ann', `/async/${job}/share`, { USER: 'dan' })
    await post('ann', `/async/${job}/destruction`, { DESTRUCTION: '2001-01-01' })
    expect((await jobs.watch()).due).toBe(1)
    expect(await listed('ann')).not.toContain(job)
    expect(await listed('ann', '?PHASE=ARCHIVED')).toContain(job)
    const { text } = await get('ann', `/async/${job}`)
    expect(text).toContain('<uws:phase>ARCHIVED</uws:phase>')
    expect(text).toContain('SELECT TOP 3')
    const result = await get('dan', `/async/${job}/results/result`)
    expect([result.status, result.text]).toEqual([404, expect.stringContaining('deleted at the destruction time')])
    expect((jobs.gcs.store.objects('tap-results') ?? []).filter(({ name }) => name.includes(job))).toEqual([])
    expect((await post('ann', `/async/${job}/destruction`, { DESTRUCTION: '2999-01-01' })).status).toBe(403)
    expect((await jobs.watch()).due).toBe(0)
    await pool.query(`update uws.job set destruction = now() - interval '91 days' where id = $1`, [job])
    expect(await jobs.watch()).toMatchObject({ due: 1, forgotten: 1 })
    expect((await get('ann', `/async/${job}`)).status).toBe(404)
  })
})

test('notifications are for those whom they concern, while they last', async () => {
  const { pool } = jobs.tap.database
  const about = { server: 'tap', kind: 'maintenance', seconds: 60 }
  await createNotification(pool, { ...about, recipient: null, message: 'closed on Monday' })
  await createNotification(pool, { ...about, recipient: 'dan', message: 'only for you' })
  const messages = async (user: string) =>
    (await json(user, '/notifications')).notifications.map(({ message }: { message: string }) => message)
  expect(await messages('dan')).toEqual(['only for you', 'closed on Monday'])
  expect(await messages('ann')).toEqual(['closed on Monday'])
  expect((await get(null, '/notifications')).status).toBe(401)
  await pool.query('update uws.notification set expires_at = now()')
  expect(await messages('dan')).toEqual([])
  expect((await jobs.watch()).ended).toBeGreaterThanOrEqual(2)
})

describe('groups that users make', () => {
  test('let their members, and their owner, read what is shared with them', async () => {
    expect(await call('dan', 'PUT', '/groups/team', 'DESCRIPTION=ours')).toMatchObject({ status: 200 })
    expect((await call('dan', 'PUT', '/groups/team')).status).toBe(409)
    expect((await call('dan', 'POST', '/groups/team', 'MEMBER=eve&MEMBER=tom&MEMBER=dan')).status).toBe(200)
    const job = await completed('ann')
    expect((await post('ann', `/async/${job}/share`, { GROUP: 'dan/team' })).status).toBe(303)
    const sees = async () => {
      const answers = await Promise.all(['dan', 'eve', 'tom', 'gil'].map((user) => get(user, `/async/${job}`)))
      return answers.map(({ status }) => status)
    }
    expect(await sees()).toEqual([200, 200, 200, 403])
    expect(await listed('eve', '?SHARED=true')).toContain(job)
    expect((await call('dan', 'POST', '/groups/team', 'MEMBER=eve&ACTION=REMOVE&DESCRIPTION=')).status).toBe(200)
    expect(await sees()).toEqual([200, 403, 200, 403])
    expect((await json('dan', '/groups')).groups).toMatchObject([
      { group: 'dan/team', description: null, members: ['tom'] },
    ])
    const [seen] = (await json('tom', '/groups')).groups
    expect([seen.group, seen.members]).toEqual(['dan/team', undefined])
    expect((await json('eve', '/groups')).groups).toEqual([])
    expect((await call('dan', 'DELETE', '/groups/team')).status).toBe(200)
    expect(await sees()).toEqual([403, 403, 403, 403])
    expect((await json('ann', `/async/${job}/share`)).shares).toEqual([])
    await call('dan', 'PUT', '/groups/team')
    expect(await sees()).toEqual([403, 403, 403, 403])
    const { rows } = await jobs.tap.database.pool.query(
      "select kind, data ->> 'user' as member from uws.event where item_type = 'group' and item = 'dan/team' order by sequence",
    )
    expect(rows.map(({ kind, member }) => `${kind} ${member ?? ''}`.trim())).toEqual([
      ...['GROUP_CREATED', 'MEMBER_CREATED eve', 'MEMBER_CREATED tom'],
      ...['GROUP_UPDATED', 'MEMBER_REMOVED eve', 'MEMBER_REMOVED tom', 'GROUP_REMOVED', 'GROUP_CREATED'],
    ])
    expect((await json('ann', `/async/${job}/events`)).events.at(-1).event).toBe('SHARE_REMOVED')
  })

  test.each([
    ['ann', 'POST', '/groups/nobody', 'MEMBER=eve', 404],
    ['ann', 'DELETE', '/groups/team', undefined, 404],
    ['ann', 'POST', '/groups/dan%2Fteam', 'MEMBER=ann', 400],
    ['ann', 'PUT', '/groups/a%00', undefined, 400],
    ['ann', 'PUT', `/groups/${'x'.repeat(65)}`, undefined, 400],
    ['dan', 'POST', '/groups/team', '', 400],
    ['dan', 'POST', '/groups/team', 'MEMBER=a+b', 400],
    ['dan', 'POST', '/groups/team', 'MEMBER=a&ACTION=ADD', 400],
    [
      'dan',
      'POST',
      '/groups/team',
      new URLSearchParams(Array.from({ length: 1001 }, (_, n) => ['MEMBER', `u${n}`])).toString(),
      429,
    ],
  ] as const)('%s cannot %s %s', async (user, method, path, form, status) => {
    expect((await call(user, method, path, form)).status).toBe(status)
    expect((await json('dan', '/groups')).groups).toMatchObject([{ group: 'dan/team', members: [] }])
  })

  test('are not shared with before they are there', async () => {
    const job = await completed('ann')
    expect(await post('ann', `/async/${job}/share`, { GROUP: 'eve/later' })).toMatchObject({ status: 404 })
    expect((await get(null, '/groups')).status).toBe(401)
  })
})
