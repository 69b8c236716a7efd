import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type JobsUnderTest, startJobs } from '../functions/tap-jobs-service.ts'
import { callAlmagest } from '../support/call-command.ts'
import { tapDouble } from './tap-double.ts'

const QUERY = 'SELECT TOP 2 object_id FROM survey.object ORDER BY object_id'
const ENDLESS = 'SELECT COUNT(*) FROM survey.object AS a, survey.object AS b, survey.object AS c, survey.object AS d'

let jobs: JobsUnderTest
let folder = ''
/** What a user and what an operator says. */
let asAnn: readonly string[] = []
let asOperator: readonly string[] = []

beforeAll(async () => {
  jobs = await startJobs({
    ...{ keep: true, service: ['access: {type: gafaelfawr, scopes: []}'] },
    environment: 'discovery: {tokenInfoUrl: "https://data.example.org/token-info"}\n',
    dependencies: {
      lookUpToken: async (token) => ({ username: token, scopes: [], groups: [], concurrent: new Map() }),
    },
  })
  folder = await mkdtemp(join(tmpdir(), 'almagest-jobs-'))
  const { url } = jobs.tap.database
  await writeFile(
    join(folder, 'environment.yaml'),
    `baseHostname: h\ntap:\n  servers:\n    tap: {databaseUrl: "${url}", schemas: [survey], service: {url: "https://h/tap", jobs: {bucket: tap-results, topic: projects/demo/topics/queries}}}\n`,
  )
  asAnn = ['--url', jobs.tap.url, '--token', 'ann']
  asOperator = ['--environment', join(folder, 'environment.yaml')]
  return () => jobs.stop()
})
beforeEach(() => jobs.deliver('at once'))

const almagest = (...args: readonly string[]) => callAlmagest(args)
const create = (query: string, user = 'ann') =>
  jobs.create({ LANG: 'ADQL', QUERY: query, PHASE: 'RUN', RUNID: 'night 7' }, { authorization: `Bearer ${user}` })

describe.each(['a user', 'an operator'])('jobs, for %s', (who) => {
  const access = () => (who === 'a user' ? asAnn : asOperator)

  test('are listed and shown', async () => {
    const id = await create(QUERY)
    await jobs.idle()
    const listed = await almagest('jobs', 'list', ...access(), '--phase', 'completed', '--last', '1')
    expect(listed).toMatchObject({ code: 0, stderr: '' })
    expect(listed.stdout).toMatch(new RegExp(`^${id} .*ann +COMPLETED +20\\S+Z +night 7`, 'm'))
    const { stdout } = await almagest('jobs', 'show', id, ...access())
    expect(stdout).toMatch(/^phase +COMPLETED$/m)
    expect(stdout).toContain(QUERY)
    const shown = await almagest('jobs', 'show', id, ...access(), '--json')
    expect(shown.json()).toMatchObject({ id, owner: 'ann', runId: 'night 7', query: QUERY, error: null })
    expect((await almagest('jobs', 'list', ...access(), '--phase', 'PENDING')).stdout).toBe('there are no such jobs\n')
  })

  test('are ended, and deleted', async () => {
    const id = await create(ENDLESS)
    expect((await almagest('jobs', 'abort', id, ...access())).stdout).toBe(`${id} is ABORTED\n`)
    await jobs.idle()
    expect(await almagest('jobs', 'delete', id, ...access())).toMatchObject({ code: 0, stdout: `${id} is deleted\n` })
    for (const command of ['show', 'abort', 'delete']) {
      const { code, stderr } = await almagest('jobs', command, id, ...access())
      expect([command, code, stderr]).toEqual([command, 1, expect.stringContaining(id)])
    }
    const done = await create(QUERY)
    await jobs.idle()
    const { stdout } = await almagest('jobs', 'abort', done, ...access())
    expect(stdout).toBe(`${done} had ended already: it is COMPLETED\n`)
  })

  test('are shared, and not any more', async () => {
    const id = await create(QUERY)
    await jobs.idle()
    const read = async () => (await jobs.tap.get(`/async/${id}`, { authorization: 'Bearer bob' })).status
    expect(await read()).toBe(403)
    const until = ['--until', '2999-01-01']
    const { stdout } = await almagest(
      'jobs',
      'share',
      id,
      '--user',
      'bob,carl',
      '--group',
      'g_x',
      ...until,
      ...access(),
    )
    expect(stdout).toBe(`${id}: bob, carl, the group g_x may read it until 2999-01-01T00:00:00.000Z\n`)
    expect(await read()).toBe(200)
    expect(await almagest('jobs', 'share', id, '--user', 'bob', '--remove', ...access())).toMatchObject({ code: 0 })
    expect(await read()).toBe(403)
  })
})

describe('jobs', () => {
  test('of others are not shown by a service, but to an operator', async () => {
    const id = await create(QUERY, 'dora')
    await jobs.idle()
    expect((await almagest('jobs', 'show', id, ...asAnn)).stderr).toContain('403')
    const { stdout } = await almagest('jobs', 'list', ...asOperator, '--owner', 'dora', '--json')
    expect(JSON.parse(stdout)).toMatchObject([{ id, owner: 'dora' }])
  })

  test.each([
    [['list', '--owner', 'ann', '--url', 'http://h/tap'], '--owner works with --environment only'],
    [['list', '--url', 'http://h/tap', '--environment', 'e.yaml'], 'either --url or --environment'],
    [['list', '--url', 'http://h/tap', '--server', 'tap'], 'give --environment too'],
    [['show', 'a/b', '--url', 'http://h/tap'], 'is not the id of a job'],
    [['share', 'a', '--url', 'http://h/tap'], 'say with whom'],
    [['list', '--after', 'soon'], 'It must be a time'],
  ])('%s is wrong usage', async (args, says) => {
    const { code, stderr } = await almagest('jobs', ...args)
    expect([code, stderr]).toEqual([2, expect.stringContaining(says)])
  })
})

describe('query --async', () => {
  const ask = (...args: readonly string[]) => almagest('query', ...asAnn, ...args)
  const count = async () =>
    (await jobs.tap.database.pool.query('select from uws.job where deleted_at is null')).rowCount

  test('waits for the job, prints its result, and deletes it', async () => {
    const before = await count()
    expect(await ask('--async', QUERY)).toMatchObject({
      code: 0,
      stdout: 'object_id\n---------\n        0\n        1\n',
    })
    expect(await count()).toBe(before)
  })

  test('keeps the job where it is to be kept, and saves what the service sends', async () => {
    const output = join(folder, 'two.csv')
    const { code, stderr } = await ask('--async', '--keep', '--output', output, QUERY)
    expect(code).toBe(0)
    expect(await readFile(output, 'utf8')).toBe('object_id\r\n0\r\n1\r\n')
    const [, id = ''] = /\/async\/([0-9a-f]{32})\n/.exec(stderr) ?? []
    expect((await almagest('jobs', 'show', id, ...asAnn, '--json')).json()).toMatchObject({ phase: 'COMPLETED' })
  })

  test('ends with the message of a query that is wrong, and where', async () => {
    const { code, stderr } = await ask('--async', 'SELECT nothing FROM survey.object')
    expect([code, stderr]).toEqual([1, expect.stringContaining('There is no column nothing')])
    expect(stderr).toMatch(/\^/)
  })

  test('only starts the job with --no-wait', async () => {
    const { stdout } = await ask('--no-wait', QUERY)
    expect(stdout).toMatch(new RegExp(`^${jobs.tap.url}/async/[0-9a-f]{32}\n$`))
  })

  test('asks again where a service does not wait, and says what became of a job that was ended', async () => {
    let asked = 0
    const service = await tapDouble((response, { path }) => {
      if (path === '/tap/async') return response.writeHead(303, { location: 'async/7' }).end()
      asked += 1
      const phase = asked < 3 ? 'EXECUTING' : 'ABORTED'
      response.end(
        `<uws:job xmlns:uws="u"><uws:jobId>7</uws:jobId><uws:phase>${phase}</uws:phase>
         <uws:errorSummary type="fatal"><uws:message>too long</uws:message></uws:errorSummary></uws:job>`,
      )
    })
    const { code, stderr } = await almagest('query', '--async', '--url', service.url, 'SELECT 1')
    expect([code, asked, stderr]).toEqual([1, 3, expect.stringContaining('is ABORTED: too long')])
  })

  test('says so when the service has no jobs', async () => {
    const service = await tapDouble((response) =>
      response.writeHead(501).end('This service has no asynchronous queries'),
    )
    const { code, stderr } = await almagest('query', '--async', '--url', service.url, 'SELECT 1')
    expect([code, stderr]).toEqual([1, expect.stringContaining('has no asynchronous queries')])
  })
})
