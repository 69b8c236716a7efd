import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openEventTopic, openPublisher, openQueue } from '../../shared/platform/events.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { startFakePubSub } from '../support/fake-pubsub.ts'

const TOPIC = 'projects/demo/topics/almagest'

function collectLog() {
  const lines: { severity: string; message: string }[] = []
  return { lines, logger: createLogger({ write: (line) => void lines.push(JSON.parse(line)) }) }
}

function open(topic: string | null, timeoutMs = 5_000) {
  const { lines, logger } = collectLog()
  const publisher = openPublisher(topic, logger, { timeoutMs })
  onTestFinished(() => publisher.close())
  return { publisher, lines }
}

describe('a publisher', () => {
  it('publishes attributes for filters and data as JSON', async () => {
    const pubsub = await startFakePubSub()
    const { publisher } = open(TOPIC)
    await publisher.publish('staged', { server: 'tap', version: 'main' }, { rows: { tables: 3 }, big: 5n })
    const { publish } = publisher
    await publish('rejected', { server: 'tap' }, undefined)
    expect(pubsub.messages).toEqual([
      {
        topic: TOPIC,
        attributes: { event: 'staged', server: 'tap', version: 'main' },
        data: { rows: { tables: 3 }, big: '5' },
      },
      { topic: TOPIC, attributes: { event: 'rejected', server: 'tap' }, data: null },
    ])
  })

  it('cuts attributes that are longer than Pub/Sub takes, between characters', async () => {
    const pubsub = await startFakePubSub()
    const { publisher } = open(TOPIC)
    await publisher.publish('staged', { version: 'x'.repeat(1023) + 'Ω'.repeat(500) }, null)
    expect(pubsub.messages[0]!.attributes.version).toBe('x'.repeat(1023))
  })

  it.each([
    ['is refused', { status: 7 }],
    ['is not answered', 'silent'],
    ['is answered that the service is down', { status: 14 }],
  ] as const)('that %s logs an error in time and does not throw', async (_what, behaviour) => {
    const pubsub = await startFakePubSub()
    const { publisher, lines } = open(TOPIC, 500)
    pubsub.behave(behaviour)
    await publisher.publish('swapped', { server: 'tap' }, {})
    expect(lines).toEqual([
      expect.objectContaining({ severity: 'ERROR', message: 'the event swapped could not be published', topic: TOPIC }),
    ])
    pubsub.behave('answer')
    await publisher.publish('staged', {}, {})
    expect(pubsub.messages.map(({ attributes }) => attributes.event)).toContain('staged')
  })

  it('of data that is no JSON logs an error and does not throw', async () => {
    await startFakePubSub()
    const { publisher, lines } = open(TOPIC)
    const ring: Record<string, unknown> = {}
    ring.self = ring
    await publisher.publish('staged', {}, ring)
    expect(lines[0]).toMatchObject({ severity: 'ERROR' })
  })

  it.each(['almagest', 'projects/demo/topics/', 'projects//topics/x', 'projects/demo/subscriptions/x'])(
    'refuses %j as the name of a topic',
    (topic) => {
      expect(() => open(topic)).toThrow(expect.objectContaining({ code: 'invalid_topic', permanent: true }))
    },
  )

  it('without a topic does nothing and never loads the Pub/Sub client', async () => {
    const events = join(import.meta.dirname, '../../shared/platform/events.ts')
    const script = `
      const { openPublisher } = await import(${JSON.stringify(events)})
      const publisher = openPublisher(null)
      await publisher.publish('staged', {}, {})
      await publisher.close()
      const { default: { _cache } } = await import('node:module')
      const loaded = () => Object.keys(_cache).some((file) => file.includes('pubsub'))
      const before = loaded()
      await import('@google-cloud/pubsub')
      console.log(before, loaded())`
    const cwd = join(import.meta.dirname, '../..')
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { cwd })
    expect(stdout.trim()).toBe('false true')
  })
})

describe('a queue', () => {
  it('hands a message with attributes alone to Pub/Sub', async () => {
    const pubsub = await startFakePubSub()
    const { logger } = collectLog()
    await openQueue(TOPIC, logger).send({ server: 'tap', job: 'ab12' })
    expect(pubsub.messages).toEqual([{ topic: TOPIC, attributes: { server: 'tap', job: 'ab12' }, data: {} }])
  })

  it.each([
    ['refuses', { status: 7 }],
    ['does not answer', 'silent'],
  ] as const)('that Pub/Sub %s throws in time, and takes the next message', async (_what, behaviour) => {
    const pubsub = await startFakePubSub()
    const { logger } = collectLog()
    const queue = openQueue(TOPIC, logger, { timeoutMs: 500 })
    pubsub.behave(behaviour)
    const refusal = { code: 'queue', permanent: false, message: expect.stringContaining(TOPIC) }
    await expect(queue.send({ job: 'lost' })).rejects.toMatchObject(refusal)
    pubsub.behave('answer')
    await queue.send({ job: 'next' })
    expect(pubsub.messages.map(({ attributes }) => attributes.job)).toContain('next')
  })

  it('refuses what does not name a topic', () => {
    const { logger } = collectLog()
    expect(() => openQueue('queries', logger)).toThrow(expect.objectContaining({ code: 'invalid_topic' }))
  })
})

describe('a topic for events', () => {
  it('takes them with attributes, data and a key that keeps their order', async () => {
    const pubsub = await startFakePubSub()
    const { logger } = collectLog()
    const topic = openEventTopic(TOPIC, logger)
    for (const sequence of ['1', '2', '3'])
      await topic.send({ event: 'JOB_UPDATED', sequence }, { sequence }, 'tap/job/ab')
    await topic.send({ event: 'LOGIN' }, null, 'tap/user/ann')
    expect(pubsub.messages.map(({ attributes, data, orderingKey }) => [attributes.event, data, orderingKey])).toEqual([
      ['JOB_UPDATED', { sequence: '1' }, 'tap/job/ab'],
      ['JOB_UPDATED', { sequence: '2' }, 'tap/job/ab'],
      ['JOB_UPDATED', { sequence: '3' }, 'tap/job/ab'],
      ['LOGIN', null, 'tap/user/ann'],
    ])
  })

  it('that could not be published can be published again, with the same key', async () => {
    const pubsub = await startFakePubSub()
    const { logger } = collectLog()
    const topic = openEventTopic(TOPIC, logger, { timeoutMs: 2_000 })
    pubsub.behave({ status: 7 })
    await expect(topic.send({ event: 'A' }, null, 'key')).rejects.toMatchObject({ code: 'queue', permanent: false })
    pubsub.behave('answer')
    await topic.send({ event: 'A' }, null, 'key')
    expect(pubsub.messages.map(({ attributes }) => attributes.event)).toContain('A')
  })
})
