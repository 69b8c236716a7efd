import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { readLetters, settleLetters } from '../../cli/commands/dead-letters/read-letters.ts'
import { openPubsubRest } from '../../shared/platform/pubsub-rest.ts'
import { callAlmagest } from '../support/call-command.ts'

const SUBSCRIPTION = 'projects/p/subscriptions/dead'

interface Letter {
  readonly messageId: string
  readonly attributes: Record<string, string>
  readonly data: string
  readonly publishTime: string
}

const letter = (messageId: string, more: Record<string, string> = {}): Letter => ({
  messageId,
  publishTime: `2026-08-2${messageId}T10:00:00Z`,
  data: 'e30=',
  attributes: {
    bucketId: 'sdm',
    objectId: `releases/w.${messageId}/schemas.tar.gz`,
    objectGeneration: '17',
    CloudPubSubDeadLetterSourceDeliveryCount: '50',
    CloudPubSubDeadLetterSourceSubscription: 'load',
    CloudPubSubDeadLetterSourceSubscriptionProject: 'p',
    ...more,
  },
})

/** As much of Pub/Sub as its JSON interface shows: what is pulled is held until it is given back or acknowledged. */
let server: Server
let host: string
let letters: Letter[] = []
let held = new Set<string>()
let published: { topic: string; attributes: Record<string, string> }[] = []
let refusal: { status: number; message: string } | null = null

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const body = text === '' ? {} : JSON.parse(text)
    const [resource = '', verb = 'get'] = request.url!.replace('/v1/', '').split(':')
    const answer = (content: object, status = 200) => response.writeHead(status).end(JSON.stringify(content))
    if (refusal !== null && verb === 'publish') return answer({ error: { message: refusal.message } }, refusal.status)
    if (resource.endsWith('/nowhere')) return answer({ error: { message: 'Resource not found' } }, 404)
    if (verb === 'get') return answer({ name: resource, topic: 'projects/p/topics/uploads' })
    if (verb === 'pull') {
      // One at a time: a subscription need not give all that it has.
      const next = letters.find(({ messageId }) => !held.has(messageId))
      if (next !== undefined) held.add(next.messageId)
      return answer(next === undefined ? {} : { receivedMessages: [{ ackId: `ack-${next.messageId}`, message: next }] })
    }
    const ids: string[] = (body.ackIds ?? []).map((id: string) => id.slice(4))
    if (verb === 'acknowledge') letters = letters.filter(({ messageId }) => !ids.includes(messageId))
    if (verb === 'modifyAckDeadline') for (const id of ids) held.delete(id)
    if (verb === 'publish') published.push({ topic: resource, attributes: body.messages[0].attributes })
    answer({})
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(() => void server.close())

beforeEach(() => {
  letters = ['1', '2', '3'].map((id) => letter(id))
  held = new Set()
  published = []
  refusal = null
})

test('letters are listed, and given back', async () => {
  const found = await readLetters(SUBSCRIPTION, openPubsubRest(host))
  expect(found.map(({ id, tries, object, generation, source }) => [id, tries, object, generation, source])[0]).toEqual([
    '1',
    50,
    'releases/w.1/schemas.tar.gz',
    '17',
    'projects/p/subscriptions/load',
  ])
  expect([found.length, letters.length, held.size]).toEqual([3, 3, 0])
})

test('one is retried by its id: published where it came from, as it was, and then taken off', async () => {
  const settled = await settleLetters(SUBSCRIPTION, new Set(['2', '9']), { topic: null }, openPubsubRest(host))
  expect(settled.missing).toEqual(['9'])
  expect(published).toEqual([
    {
      topic: 'projects/p/topics/uploads',
      attributes: { bucketId: 'sdm', objectId: 'releases/w.2/schemas.tar.gz', objectGeneration: '17' },
    },
  ])
  expect([letters.map(({ messageId }) => messageId), held.has('1'), held.has('3')]).toEqual([['1', '3'], false, false])
})

test('what cannot be published stays', async () => {
  refusal = { status: 403, message: 'not allowed' }
  const retry = settleLetters(SUBSCRIPTION, null, { topic: 'projects/p/topics/other' }, openPubsubRest(host))
  await expect(retry).rejects.toMatchObject({
    code: 'pubsub',
    kind: 'denied',
    message: expect.stringContaining('roles/pubsub.publisher'),
  })
  expect([letters.length, held.size]).toEqual([3, 0])
})

test('letters are discarded without being published', async () => {
  await settleLetters(SUBSCRIPTION, null, null, openPubsubRest(host))
  expect([letters, published]).toEqual([[], []])
})

test('a subscription that is not there is named', async () => {
  const read = readLetters('projects/p/subscriptions/nowhere', openPubsubRest(host))
  await expect(read).rejects.toMatchObject({
    kind: 'missing',
    message: expect.stringContaining('subscriptions/nowhere: Resource not found'),
  })
  await expect(readLetters(SUBSCRIPTION, openPubsubRest('127.0.0.1:1'))).rejects.toMatchObject({ kind: 'unavailable' })
})

test.each([
  [['retry', '--subscription', SUBSCRIPTION], /ids.*--all/],
  [['discard', '--all', '--subscription', SUBSCRIPTION, '1'], /ids.*--all/],
  [['list', '--subscription', 'dead'], /projects\/PROJECT\/subscriptions/],
  [['list'], /--subscription/],
])('wrong usage: %s', async (args, said) => {
  expect(await callAlmagest(['dead-letters', ...args])).toMatchObject({ code: 2, stderr: expect.stringMatching(said) })
})
