import { status } from '@grpc/grpc-js'
import { afterEach, expect, test, vi } from 'vitest'
import { createPushSubscription, type PushEnvelope } from '../../local/pubsub/push.ts'
import { startQueue } from '../../local/subscriptions.ts'
import { openQueue } from '../../shared/platform/events.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { startEndpoint } from './endpoint.ts'

const logger = createLogger({ write: () => {} })

afterEach(() => vi.unstubAllEnvs())

/** The queue of a local stack whose functions are this endpoint. */
async function setUp(...statuses: number[]) {
  const endpoint = await startEndpoint(...statuses)
  const warnings: string[] = []
  // What starts it changes the environment for good.
  for (const name of ['PUBSUB_EMULATOR_HOST', 'METADATA_SERVER_DETECTION']) vi.stubEnv(name, '')
  const stop = await startQueue(endpoint.url, (warning) => void warnings.push(warning))
  return { endpoint, warnings, stop }
}

test('what the real client publishes is pushed to run-query, again until it is acknowledged', async () => {
  const { endpoint, warnings, stop } = await setUp(503)
  await openQueue('projects/local/topics/queries', logger).send({ server: 'tap', job: 'ab' })
  await vi.waitFor(() => expect(endpoint.requests).toHaveLength(2), 10_000)
  await stop()
  const [first, second] = endpoint.requests.map(({ body }) => JSON.parse(body) as PushEnvelope)
  expect(endpoint.requests[1]).toMatchObject({ method: 'POST', url: '/run-query/projects/local/topics/queries' })
  expect(first).toMatchObject({
    message: { attributes: { server: 'tap', job: 'ab' }, data: Buffer.from('{}').toString('base64') },
    subscription: 'projects/local/subscriptions/queries',
    deliveryAttempt: 1,
  })
  expect(second).toEqual({ ...first, deliveryAttempt: 2 })
  expect(warnings).toEqual([expect.stringMatching(/^the message of a job is delivered again: .* answered 503/)])
})

test('a topic that is not there takes nothing', async () => {
  const { endpoint, stop } = await setUp()
  const refused = openQueue('projects/local/topics/other', logger).send({ job: 'ab' })
  await expect(refused).rejects.toMatchObject({ code: 'queue', cause: { code: status.NOT_FOUND } })
  await stop()
  expect(endpoint.requests).toEqual([])
})

test('a subscription that was stopped takes no message', async () => {
  const { push, stop } = createPushSubscription({ url: 'http://127.0.0.1:1/' })
  await stop()
  expect(push({ data: Buffer.from('{}'), attributes: {} })).toBeNull()
})
