import { once } from 'node:events'
import * as functions from '@google-cloud/functions-framework'
import { getTestServer } from '@google-cloud/functions-framework/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRunQuery } from '../../functions/run-query/routes.ts'
import { type FakeCloudTasks, startFakeCloudTasks } from '../support/fake-cloud-tasks.ts'
import { type JobsUnderTest, startJobs } from './tap-jobs-service.ts'

const QUEUE = 'projects/demo/locations/europe-west1/queues/queries'
const RUN = { LANG: 'ADQL', PHASE: 'RUN', FORMAT: 'csv', QUERY: 'SELECT COUNT(*) AS n FROM survey.object' }

let tasks: FakeCloudTasks
let jobs: JobsUnderTest
let worker: { readonly url: string; stop(): void }

beforeAll(async () => {
  tasks = await startFakeCloudTasks({ queue: QUEUE, maxConcurrentDispatches: 2, keep: true })
  let runQuery: ReturnType<typeof createRunQuery> | undefined
  functions.http('run-query-of-tasks', (request, response) => runQuery?.(request, response))
  const server = getTestServer('run-query-of-tasks')
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  worker = {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`,
    stop: () => {
      server.closeAllConnections()
      server.close()
    },
  }
  const account = 'run@demo.iam.gserviceaccount.com'
  jobs = await startJobs({
    keep: true,
    dispatch: `tasks: {queue: ${QUEUE}, url: "${worker.url}", serviceAccount: ${account}, apiEndpoint: "${tasks.endpoint}"}`,
  })
  runQuery = createRunQuery({ servers: jobs.servers, logger: jobs.logger })
})
afterAll(async () => {
  worker.stop()
  await tasks.stop()
  await jobs.stop()
})

describe('a queue of Cloud Tasks', () => {
  test('runs every job, so many at once as it allows', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => jobs.create(RUN)))
    await tasks.idle()
    for (const job of made) expect(await jobs.phase(job)).toBe('COMPLETED')
    expect(tasks.busiest).toBeLessThanOrEqual(2)
    expect(tasks.created[0]).toMatchObject({
      task: {
        dispatchDeadline: '1800s',
        httpRequest: { oidcToken: { serviceAccountEmail: 'run@demo.iam.gserviceaccount.com' } },
      },
    })
  })

  test('lets a query run for half an hour, and the capabilities say so', async () => {
    const pending = await jobs.create({ QUERY: RUN.QUERY, EXECUTIONDURATION: '0' })
    expect((await jobs.tap.get(`/async/${pending}/executionduration`)).text).toBe('1740')
    expect((await jobs.tap.get('/capabilities')).text).toMatch(
      /<executionDuration>\s*<default>300<\/default>\s*<hard>1740</,
    )
  })

  test('that takes no task leaves it to the watcher', async () => {
    tasks.refuse(1)
    const job = await jobs.create(RUN)
    expect(await jobs.phase(job)).toBe('QUEUED')
    expect((await jobs.watch()).sent).toBe(1)
    await tasks.idle()
    expect(await jobs.phase(job)).toBe('COMPLETED')
    const message = expect.stringMatching(/queues\/queries did not take a message: Cloud Tasks answered 503.*injected/)
    expect(jobs.tap.log).toContainEqual(expect.objectContaining({ severity: 'ERROR', message }))
  })

  test.each([
    ['a task', { server: 'tap', job: 'no such job' }],
    ['a task that names nothing of ours', { server: 'other' }],
    ['a push of Pub/Sub', { message: { attributes: { server: 'tap', job: '0'.repeat(32) } } }],
    ['something else', []],
  ])('and %s without a job to run is acknowledged', async (_what, body) => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    expect((await fetch(worker.url, init)).status).toBe(204)
  })
})
