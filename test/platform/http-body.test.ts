import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { readBody } from '../../shared/platform/http/body.ts'
import { send, sendError } from '../../shared/platform/http/response.ts'

const MEGABYTE = 1024 * 1024
const MAX = 12 * MEGABYTE

let server: http.Server
let url: string
/** How many requests have arrived. */
let arrived: number
/** How many of their bodies were read to the end. */
let read: number
/** What has to happen before they are answered. */
let answerable: Promise<void>

beforeEach(async () => {
  arrived = 0
  read = 0
  answerable = Promise.resolve()
  server = http.createServer(async (request, response) => {
    arrived += 1
    try {
      const { length } = await readBody(request, response, MAX)
      read += 1
      await answerable
      send(response, { body: String(length) })
    } catch (error) {
      sendError(response, error)
    }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(() => {
  vi.useRealTimers()
  server.closeAllConnections()
  server.close()
})

interface Sending {
  readonly request: http.ClientRequest
  readonly answer: Promise<readonly [status: number | undefined, text: string]>
}

/** A request whose body has begun. */
function begin(bytes: number): Sending {
  const request = http.request(url, { method: 'POST', agent: false })
  const answer = (async () => {
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    const chunks = await response.toArray()
    const text = chunks.join('')
    return [response.statusCode, response.statusCode === 200 ? text : JSON.parse(text).detail[0].type] as const
  })()
  request.write(Buffer.alloc(bytes))
  return { request, answer }
}

const arrive = (count: number) => expect.poll(() => arrived).toBe(count)

test('a body is read however it is sent', async () => {
  const { request, answer } = begin(3 * MEGABYTE)
  request.end('abc')
  expect(await answer).toEqual([200, String(3 * MEGABYTE + 3)])
})

test('bodies that are too much together are refused one by one, and those that came first are read', async () => {
  const first = begin(10 * MEGABYTE)
  // What a client could send has left it, and is in the hands of the server or of the system.
  await arrive(1)
  const others = [begin(10 * MEGABYTE), begin(10 * MEGABYTE)]
  const refused = await Promise.any(others.map(({ answer }) => answer))
  expect(refused).toEqual([503, 'busy'])
  for (const { request } of others) request.end()
  first.request.end()
  const answers = await Promise.all([first, ...others].map(({ answer }) => answer))
  expect(answers.map(([status]) => status)).toContain(200)
  const again = begin(10 * MEGABYTE)
  again.request.end()
  expect(await again.answer).toEqual([200, String(10 * MEGABYTE)])
})

test('a body counts until it is answered', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  answerable = promise
  const held = [begin(11 * MEGABYTE), begin(11 * MEGABYTE)]
  for (const { request } of held) request.end()
  await expect.poll(() => read).toBe(2)
  const refused = begin(4 * MEGABYTE)
  refused.request.end()
  expect(await refused.answer).toEqual([503, 'busy'])
  resolve()
  for (const { answer } of held) expect(await answer).toEqual([200, String(11 * MEGABYTE)])
  const again = begin(11 * MEGABYTE)
  again.request.end()
  expect(await again.answer).toEqual([200, String(11 * MEGABYTE)])
})

test('bodies that break off leave no trace in what is counted', async () => {
  for (let round = 1; round <= 5; round += 1) {
    const { request, answer } = begin(5 * MEGABYTE)
    answer.catch(() => {})
    await arrive(round)
    request.destroy()
  }
  const { request, answer } = begin(11 * MEGABYTE)
  request.end()
  expect(await answer).toEqual([200, String(11 * MEGABYTE)])
})

test('a body that does not arrive, at 256 kB/s or in 30 s, is a 408 that ends the connection', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const { answer } = begin(10)
  while (arrived === 0) await new Promise((done) => setImmediate(done))
  vi.advanceTimersByTime(MAX / 256)
  expect(await answer).toEqual([408, 'body_too_slow'])
})
