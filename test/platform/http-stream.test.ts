import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import net from 'node:net'
import * as functions from '@google-cloud/functions-framework'
import { getTestServer } from '@google-cloud/functions-framework/testing'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { HttpError } from '../../shared/platform/http/errors.ts'
import { type ApiRequest, type ApiResponse, route } from '../../shared/platform/http/route.ts'
import { createApi } from '../../shared/platform/http/serve.ts'
import { ANONYMOUS } from '../../shared/platform/identity.ts'

interface Line {
  readonly severity: string
  readonly message: string
  readonly fields: Record<string, unknown>
}

let served = 0

/** All that a connection answers to a text. */
async function exchange(port: number, text: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1')
  socket.write(text)
  let answer = ''
  for await (const chunk of socket) answer += String(chunk)
  return answer
}

/** One route that answers with what the test says. */
async function serveAnswer(handle: (request: ApiRequest) => ApiResponse | Promise<ApiResponse>) {
  const lines: Line[] = []
  const write =
    (severity: string) =>
    (message: string, fields: Record<string, unknown> = {}) =>
      void lines.push({ severity, message, fields })
  const logger = { debug: write('debug'), info: write('info'), warning: write('warning'), error: write('error') }
  const about = {
    path: '/stream/{name}',
    summary: 'Streams',
    answers: {},
    form: { fields: {}, limits: () => ({ bytes: 2000, textBytes: 1000, parts: 4 }) },
    errorFormat: {
      contentType: 'application/xml',
      write: ({ detail }: { detail: readonly { msg: string }[] }) => `<error>${detail[0]?.msg}</error>`,
    },
    identify: async (headers: Readonly<Record<string, unknown>>) => {
      if (headers['x-stranger'] !== undefined) throw new HttpError(403, { msg: 'not you', type: 'denied' })
      return ANONYMOUS
    },
    handle,
  } as const
  const routes = [
    route({ ...about, method: 'GET', operation: 'getStream' }),
    route({ ...about, method: 'POST', operation: 'postStream' }),
  ]
  served += 1
  const name = `stream-${served}`
  functions.http(name, createApi(routes, { logger, server: 'Almagest/1' }))
  const server: http.Server = getTestServer(name)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { port, url: `http://127.0.0.1:${port}/stream/a`, lines }
}

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}

/** A client that reads the headers and then nothing more, until the test says so. */
async function openSlowly(port: number): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1')
  socket.write('GET /stream/a HTTP/1.1\r\nhost: x\r\n\r\n')
  await once(socket, 'readable')
  return socket
}

describe('an answer that is a stream', () => {
  test('is sent in one piece with its length when it is short and there at once', async () => {
    const { url, lines } = await serveAnswer(() => ({ body: chunks('a', 'b', 'c'), log: () => ({ rows: 3 }) }))
    const answer = await fetch(url)
    expect(await answer.text()).toBe('abc')
    expect(answer.headers.get('content-length')).toBe('3')
    expect(answer.headers.get('server')).toBe('Almagest/1')
    await vi.waitFor(() => expect(lines).toHaveLength(1))
    expect(lines[0]?.fields).toMatchObject({ status: 200, rows: 3 })
    expect(lines[0]?.fields).not.toHaveProperty('disconnected')
  })

  test('begins before it is complete', async () => {
    const { promise: second, resolve: release } = Promise.withResolvers<void>()
    async function* halves() {
      yield Buffer.from('first')
      await second
      yield Buffer.from('second')
    }
    const { url } = await serveAnswer(() => ({ body: halves() }))
    const answer = await fetch(url)
    const reader = answer.body!.getReader()
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('first')
    expect(answer.headers.get('content-length')).toBeNull()
    release()
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('second')
    expect((await reader.read()).done).toBe(true)
  })

  test('goes on only as fast as the client takes it', async () => {
    let made = 0
    async function* many() {
      for (; made < 800; made++) yield Buffer.alloc(64 * 1024, 'x')
    }
    const { port } = await serveAnswer(() => ({ body: many() }))
    const socket = await openSlowly(port)
    let before = -1
    await vi.waitFor(
      () => {
        const isStill = made === before
        before = made
        expect(isStill).toBe(true)
      },
      { interval: 200, timeout: 20_000 },
    )
    expect(made).toBeLessThan(400)
    socket.resume()
    await once(socket, 'data')
    await vi.waitFor(() => expect(made).toBe(800), { timeout: 20_000 })
    socket.destroy()
  })

  test.each(['while it waits for the next chunk', 'while the client takes nothing'])(
    'is ended at once when the client goes away %s',
    async (when) => {
      let ended = 0
      let first = true
      const waits: AsyncIterator<Uint8Array> = {
        next: () => {
          if (when.endsWith('nothing')) return Promise.resolve({ done: false, value: Buffer.alloc(1_000_000) })
          if (!first) return new Promise(() => {})
          first = false
          return Promise.resolve({ done: false, value: Buffer.from('first') })
        },
        return: async () => {
          ended = performance.now()
          return { done: true, value: undefined }
        },
      }
      const { port, lines } = await serveAnswer(() => ({ body: { [Symbol.asyncIterator]: () => waits } }))
      const socket = await openSlowly(port)
      const left = performance.now()
      socket.destroy()
      await vi.waitFor(() => expect(ended).toBeGreaterThan(0))
      expect(ended - left).toBeLessThan(400)
      if (when.endsWith('nothing'))
        await vi.waitFor(() => expect(lines[0]?.fields).toMatchObject({ disconnected: true }))
    },
  )

  test('is never begun for a client that is gone, whose signal says so', async () => {
    const { promise, resolve } = Promise.withResolvers<string>()
    const { promise: asked, resolve: begin } = Promise.withResolvers<void>()
    const { port, lines } = await serveAnswer(async ({ signal }) => {
      begin()
      await once(signal, 'abort')
      async function* never() {
        try {
          yield Buffer.from('x')
        } finally {
          resolve('ended')
        }
      }
      const body = never()
      await body.next()
      return { body }
    })
    const socket = net.connect(port, '127.0.0.1')
    socket.write('GET /stream/a HTTP/1.1\r\nhost: x\r\n\r\n')
    await asked
    socket.destroy()
    expect(await promise).toBe('ended')
    await vi.waitFor(() => expect(lines[0]?.fields).toMatchObject({ disconnected: true }))
  })

  test('that fails before its first byte is an error answer, in the words of its route', async () => {
    const { url } = await serveAnswer(() => ({
      headers: { 'content-type': 'text/csv', 'x-rows': '1' },
      // biome-ignore lint/correctness/useYield: it fails first
      body: (async function* (): AsyncGenerator<Uint8Array> {
        throw new HttpError(504, { msg: 'too long', type: 'slow' })
      })(),
    }))
    const answer = await fetch(url)
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('x-rows')]).toEqual([
      504,
      'application/xml',
      null,
    ])
    expect(await answer.text()).toBe('<error>too long</error>')
  })

  test('that fails after its first byte breaks the connection, and is logged', async () => {
    const { promise: sent, resolve: fail } = Promise.withResolvers<void>()
    async function* breaks() {
      yield Buffer.from('first')
      await sent
      throw new Error('half-way')
    }
    const { url, lines } = await serveAnswer(() => ({ body: breaks() }))
    const reader = (await fetch(url)).body!.getReader()
    await reader.read()
    fail()
    await expect(reader.read()).rejects.toThrow()
    await vi.waitFor(() => expect(lines[0]).toMatchObject({ severity: 'error', fields: { reason: 'half-way' } }))
  })

  test('is not made for HEAD', async () => {
    let ended = false
    async function* body() {
      try {
        yield Buffer.from('first')
      } finally {
        ended = true
      }
    }
    const stream = body()
    await stream.next()
    const { url } = await serveAnswer(() => ({ headers: { 'content-type': 'text/csv' }, body: stream }))
    const answer = await fetch(url, { method: 'HEAD' })
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/csv'])
    expect(ended).toBe(true)
  })
})

describe('a route that takes a form', () => {
  const echo = ({ form, query }: ApiRequest) => ({ body: { pairs: form.pairs, query } })

  test('is given every pair of query and body, repeated ones too', async () => {
    const { url } = await serveAnswer(echo)
    const body = new URLSearchParams('b=2&a=3&empty=')
    const answer = await fetch(`${url}?a=1%20%2B+x&b`, { method: 'POST', body })
    expect(await answer.json()).toEqual({
      pairs: [
        ['a', '1 + x'],
        ['b', ''],
        ['b', '2'],
        ['a', '3'],
        ['empty', ''],
      ],
      query: {},
    })
  })

  test.each([
    ['a % that is none', '?a=%zz', undefined, undefined, 400, 'hexadecimal'],
    ['bytes that are no UTF-8', '?a=%ff', undefined, undefined, 400, 'UTF-8'],
    ['a body that is no UTF-8', '', 'application/x-www-form-urlencoded', Buffer.from([0x61, 0x3d, 0xff]), 400, 'UTF-8'],
    ['JSON', '', 'application/json', Buffer.from('{}'), 415, 'must be a form'],
    ['another charset', '', 'application/x-www-form-urlencoded; charset=utf-16', Buffer.from('a=1'), 415, 'UTF-8'],
    ['too much text', '', 'application/x-www-form-urlencoded', Buffer.from(`a=${'x'.repeat(1100)}`), 413, '1000 bytes'],
  ])('refuses %s in the words of the route', async (_what, search, type, body, status, says) => {
    const { url } = await serveAnswer(echo)
    const sent = type === undefined ? {} : { method: 'POST', headers: { 'content-type': type }, body: body! }
    const answer = await fetch(url + search, sent)
    expect(answer.status).toBe(status)
    const text = await answer.text()
    expect(text).toMatch(/^<error>/)
    expect(text).toContain(says)
  })

  test('asks who it is before it reads a body', async () => {
    const { port } = await serveAnswer(echo)
    const headers = { 'x-stranger': 'yes', 'content-type': 'application/x-www-form-urlencoded', 'content-length': 100 }
    const sent = http.request({ port, host: '127.0.0.1', method: 'POST', path: '/stream/a', headers, agent: false })
    sent.on('error', () => {})
    sent.flushHeaders()
    const [response] = (await once(sent, 'response')) as [http.IncomingMessage]
    expect(response.statusCode).toBe(403)
    sent.destroy()
  })
})

describe('what is known only at the end', () => {
  const answer = (bytes: number) => ({
    body: (async function* () {
      for (let sent = 0; sent < bytes; sent += 40_000) yield Buffer.alloc(40_000)
    })(),
    trailers: { 'x-end': () => String(bytes) },
  })

  test('is a header of a short body, a trailer of a long one, and left out where there can be none', async () => {
    const { port } = await serveAnswer(({ form }) => answer(Number(form.pairs[0]?.[1])))
    const ask = (method: string, bytes: number, version: string) =>
      exchange(port, `${method} /stream/a?n=${bytes} HTTP/${version}\r\nhost: x\r\nconnection: close\r\n\r\n`)
    expect(await ask('GET', 40_000, '1.1')).toMatch(/^HTTP\/1.1 200 OK\r\n(?:.+\r\n)*x-end: 40000\r\n/i)
    const long = await ask('GET', 200_000, '1.1')
    expect(long).toMatch(/^HTTP\/1.1 200 OK\r\n(?:.+\r\n)*trailer: x-end\r\n/i)
    expect(long).toMatch(/0\r\nx-end: 200000\r\n\r\n$/)
    for (const plain of [await ask('GET', 200_000, '1.0'), await ask('HEAD', 200_000, '1.1')]) {
      expect(plain).toMatch(/^HTTP\/1.1 200 OK/)
      expect(plain).not.toMatch(/x-end/)
    }
  })
})

describe('what cannot be read as a request', () => {
  test.each([
    [
      'a long address',
      `GET /stream/a?${'q'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`,
      431,
      /16384 bytes at most.*body of a POST/,
    ],
    ['no HTTP', 'ADQL SELECT\r\n\r\n', 400, /not a request/],
  ])('%s is answered with the reason', async (_what, text, status, reason) => {
    const { port } = await serveAnswer(() => ({ body: 'ok' }))
    const answer = await exchange(port, text)
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    const { detail } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as { detail: { msg: string }[] }
    expect(detail[0]?.msg).toMatch(reason)
  })
})
