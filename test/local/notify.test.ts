import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createNotifications, type NotificationOptions } from '../../local/gcs/notify.ts'
import type { PushEnvelope } from '../../local/pubsub/push.ts'
import { startFakeGcs } from '../support/fake-gcs.ts'

/** An endpoint that answers with these statuses, one after another, then 204; null: not at all. */
async function setUp(statuses: (number | null)[] = [], options: Partial<NotificationOptions> = {}) {
  const received: PushEnvelope[] = []
  const dead: { envelope: PushEnvelope; reason: Error }[] = []
  const endpoint = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    received.push(JSON.parse(String(Buffer.concat(chunks))))
    const status = statuses.length > 0 ? statuses.shift()! : 204
    if (status !== null) response.writeHead(status).end()
    else if (options.acknowledgeMs === undefined) response.destroy()
  })
  await new Promise<void>((done) => endpoint.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    endpoint.closeAllConnections()
    endpoint.close()
  })
  const subscription = createNotifications({
    url: `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/load-release`,
    baseDelayMs: 1,
    maxDelayMs: 1,
    onDeadLetter: (envelope, reason) => void dead.push({ envelope, reason }),
    ...options,
  })
  onTestFinished(subscription.stop)
  const gcs = await startFakeGcs({ buckets: ['releases', 'other'], onEvent: subscription.notify })
  return { gcs, subscription, received, dead }
}

describe('a push subscription', () => {
  it('posts the envelope of Pub/Sub with attributes and the object', async () => {
    const { gcs, subscription, received } = await setUp()
    const resource = await gcs.put('releases', 'main/schemas.tar.gz', 'content')
    await subscription.idle()
    expect(received).toEqual([
      {
        message: {
          data: expect.any(String),
          attributes: gcs.events[0]!.attributes,
          messageId: expect.stringMatching(/^\d+$/),
          publishTime: expect.stringMatching(/^\d{4}-.*Z$/),
        },
        subscription: 'projects/local/subscriptions/almagest',
        deliveryAttempt: 1,
      },
    ])
    expect(JSON.parse(Buffer.from(received[0]!.message.data, 'base64').toString())).toEqual(resource)
  })

  it('reports only the events, bucket and prefix that it is for', async () => {
    const { gcs, subscription, received } = await setUp([], { bucket: 'releases', objectNamePrefix: 'main/' })
    await gcs.put('other', 'main/x', '')
    await gcs.put('releases', 'tickets/x', '')
    await gcs.put('releases', 'main/x', 'one')
    await gcs.put('releases', 'main/x', 'two')
    await subscription.idle()
    expect(received.map(({ message }) => message.attributes.eventType)).toEqual(['OBJECT_FINALIZE', 'OBJECT_FINALIZE'])
    expect(new Set(received.map(({ message }) => message.messageId)).size).toBe(2)
  })

  it('delivers again, as the same message, until it is acknowledged', async () => {
    const { gcs, subscription, received, dead } = await setUp([500, null, 404, 201])
    await gcs.put('releases', 'x', '')
    await subscription.idle()
    expect(received.map(({ deliveryAttempt }) => deliveryAttempt)).toEqual([1, 2, 3, 4])
    expect(new Set(received.map(({ message }) => message.messageId)).size).toBe(1)
    expect(dead).toEqual([])
  })

  it('gives a message up after its tries and hands it to the dead-letter callback', async () => {
    const { gcs, subscription, received, dead } = await setUp([500, 500, 500, 500, 503])
    const { generation } = await gcs.put('releases', 'x', '')
    await subscription.idle()
    expect(received).toHaveLength(5)
    expect(dead).toHaveLength(1)
    expect(dead[0]!.envelope.message.attributes.objectGeneration).toBe(generation)
    expect(dead[0]!.reason.message).toContain('answered 503')
  })

  it('delivers again what is not acknowledged in time', async () => {
    const { gcs, subscription, received } = await setUp([null], { acknowledgeMs: 100 })
    await gcs.put('releases', 'x', '')
    await subscription.idle()
    expect(received).toHaveLength(2)
  })

  it('stops in the middle of a pause, and calls nothing dead', async () => {
    let paused = () => {}
    const inPause = new Promise<void>((done) => {
      paused = done
    })
    const { gcs, subscription, dead } = await setUp([500, 500], { baseDelayMs: 1e8, maxDelayMs: 1e8, onRetry: paused })
    await gcs.put('releases', 'x', '')
    await inPause
    await subscription.stop()
    expect(dead).toEqual([])
  })
})
