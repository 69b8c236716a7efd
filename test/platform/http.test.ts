import { once } from 'node:events'
import type http from 'node:http'
import type { AddressInfo } from 'node:net'
import net from 'node:net'
import { gzipSync } from 'node:zlib'
import * as functions from '@google-cloud/functions-framework'
import { getTestServer } from '@google-cloud/functions-framework/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Failure, type FailureKind } from '../../shared/failure.ts'
import { HttpError } from '../../shared/platform/http/errors.ts'
import { route } from '../../shared/platform/http/route.ts'
import { createApi } from '../../shared/platform/http/serve.ts'
import { ANONYMOUS } from '../../shared/platform/identity.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import { ReleaseNameError } from '../../shared/releases/release-failures.ts'
import {
  BusyError,
  DatabaseError,
  DependentObjectsError,
  EmptySlotError,
  RejectedError,
  VersionMismatchError,
} from '../../shared/tap-schema/slot-failures.ts'

interface Line {
  severity: string
  message: string
  fields: Record<string, unknown>
}

const lines: Line[] = []
const write =
  (severity: string) =>
  (message: string, fields: Record<string, unknown> = {}) => {
    lines.push({ severity, message, fields })
  }
const logger = {
  debug: write('debug'),
  info: write('info'),
  warning: write('warning'),
  error: write('error'),
} as Logger

let failure: unknown
let domain: unknown

const routes = [
  route({
    method: 'GET',
    path: '/things',
    operation: 'listThings',
    summary: 'Lists',
    answers: { 'application/json': {} },
    handle: async () => ({ body: { things: ['é', 1] } }),
  }),
  route({
    method: 'GET',
    path: '/things/{thing}',
    operation: 'readThing',
    summary: 'Reads',
    query: {
      format: { type: 'string', description: 'f', enum: ['json', 'text'], default: 'json' },
      limit: { type: 'integer', description: 'l', minimum: 0, maximum: 10 },
    },
    answers: { 'application/json': {} },
    handle: async ({ params, query }) => ({
      body: query.format === 'text' ? `thing ${params.thing}\n` : { thing: params.thing, limit: query.limit ?? null },
    }),
  }),
  route({
    method: 'POST',
    path: '/things/{thing}/move',
    operation: 'moveThing',
    summary: 'Moves',
    body: {
      version: { type: 'string', description: 'v', required: true, minLength: 1, maxLength: 20 },
      generation: { type: 'string', description: 'g', pattern: '^\\d+$', patternHint: 'decimal digits' },
    },
    answers: { 'application/json': {} },
    handle: async ({ params, body, caller }) => ({ body: { ...params, ...body, actor: caller.actor } }),
  }),
  route({
    method: 'GET',
    path: '/fail',
    operation: 'fail',
    summary: 'Fails',
    anonymous: true,
    answers: { 'application/json': {} },
    handle: async () => {
      throw failure
    },
  }),
  route({
    method: 'GET',
    path: '/fail-later',
    operation: 'failLater',
    summary: 'Fails in a callback that nobody waits for',
    anonymous: true,
    answers: { 'application/json': {} },
    handle: () => {
      domain = Reflect.get(process, 'domain')
      return new Promise(() => {
        setTimeout(() => {
          throw new Error('in a callback')
        })
      })
    },
  }),
]

let identified = 0

const identify = async (headers: Readonly<Record<string, unknown>>) => {
  identified += 1
  if (headers['x-test-user'] === undefined) return ANONYMOUS
  if (String(headers['x-test-user']) === 'bad') {
    throw new HttpError(401, { msg: 'no', type: 'unauthorised' }, { headers: { 'www-authenticate': 'Bearer' } })
  }
  const email = String(headers['x-test-user'])
  return { email, verified: true, actor: email }
}

const servers: http.Server[] = []

async function listen(name: string, api: functions.HttpFunction): Promise<string> {
  functions.http(name, api)
  const server = getTestServer(name)
  servers.push(server)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

let base = ''
let prefixed = ''

beforeAll(async () => {
  base = await listen('test-api', createApi(routes, { logger, identify, maxBodyBytes: 200 }))
  prefixed = await listen('test-api-below', createApi(routes, { logger, prefix: '/below' }))
})

afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})

beforeEach(() => {
  lines.length = 0
})

const json = { 'content-type': 'application/json' }

function move(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = json): Promise<Response> {
  return fetch(`${base}/things/a/move`, { method: 'POST', headers, body })
}

async function detailOf(response: Response) {
  const body = (await response.json()) as { detail: { msg: string; type: string; loc?: unknown[] }[] }
  expect(Object.keys(body)).toEqual(['detail'])
  expect(body.detail.length).toBeGreaterThan(0)
  return body.detail
}

/** Sends the bytes as they are: fetch would mend them. */
async function sendRaw(text: string): Promise<string> {
  const socket = net.connect(Number(new URL(base).port), '127.0.0.1')
  socket.end(text)
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

describe('an answer', () => {
  test('is compact JSON that nobody stores', async () => {
    const response = await fetch(`${base}/things`)
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('{"things":["é",1]}')
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(response.headers.get('content-length')).toBe('19')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  })

  test('that is a string is plain text', async () => {
    const response = await fetch(`${base}/things/a?format=text`)
    expect(await response.text()).toBe('thing a\n')
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8')
  })

  test('to HEAD has the headers of GET and no body', async () => {
    const response = await fetch(`${base}/things`, { method: 'HEAD' })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-length')).toBe('19')
    expect(await response.text()).toBe('')
  })

  test('is logged in one line with method, path template, status, duration and actor', async () => {
    await fetch(`${base}/things/a?limit=3`, { headers: { 'x-test-user': 'ann@example.org' } })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({
      severity: 'info',
      message: 'GET /things/{thing} 200',
      fields: { method: 'GET', path: '/things/{thing}', status: 200, actor: 'ann@example.org' },
    })
    expect(lines[0]?.fields.durationMs).toBeTypeOf('number')
  })
})

test('an error in a callback is a 500 of its own request, the others are answered, and no domain is made', async () => {
  const [failed, ...others] = await Promise.all([
    fetch(`${base}/fail-later`),
    ...Array.from({ length: 5 }, () => fetch(`${base}/things`)),
  ])
  expect([failed.status, ...others.map(({ status }) => status)]).toEqual([500, 200, 200, 200, 200, 200])
  expect(domain ?? null).toBeNull()
  expect((await fetch(`${base}/things`)).status).toBe(200)
})

describe('a path', () => {
  test.each([
    ['/things/a%2Fb%20c', 'a/b c'],
    ['/things/%C3%A9%25', 'é%'],
    ['/things/a+b', 'a+b'],
    ['/things/%7Bthing%7D', '{thing}'],
    ['/things/a/', 'a'],
  ])('%s is decoded to the parameter %s', async (path, thing) => {
    const response = await fetch(base + path)
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ thing, limit: null })
  })

  test('may end in a slash, without a redirect', async () => {
    const response = await fetch(`${base}/things/`, { redirect: 'error' })
    expect(response.status).toBe(200)
  })

  test.each(['/', '/things/a/b/c', '//things', '/things//', '/things//move', '/THINGS'])(
    '%s is not found',
    async (path) => {
      const response = await fetch(base + path)
      expect(response.status).toBe(404)
      expect((await detailOf(response))[0]?.type).toBe('not_found')
    },
  )

  test('that is nearly one of ours is answered with the one that was meant', async () => {
    const [detail] = await detailOf(await fetch(`${base}/things/tap/mov`, { method: 'POST' }))
    expect(detail?.msg).toContain('did you mean /things/tap/move?')
    const [other] = await detailOf(await fetch(`${base}/completely/different`))
    expect(other?.msg).toContain('there are /things, /things/{thing}')
  })

  test('that is not found is a short line of the log, however long it is', async () => {
    const answer = await fetch(`${base}/${'x'.repeat(10_000)}`)
    expect((await detailOf(answer))[0]?.msg).toContain('there are /things')
    expect(JSON.stringify(lines)).not.toContain('/things')
    expect(JSON.stringify(lines).length).toBeLessThan(1_000)
  })

  test.each(['/things/%E0%A4%A', '/things/%', '/things/%ff', '/%zz'])(
    '%s with a malformed escape is a 400',
    async (path) => {
      const answer = await sendRaw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
      expect(answer).toMatch(/^HTTP\/1\.1 400 /)
      expect(answer).toContain('"type":"invalid_escape"')
      expect(answer).not.toContain('<html')
    },
  )

  test('in absolute form is understood', async () => {
    const answer = await sendRaw(`GET http://anywhere/things HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('starts with the prefix where there is one', async () => {
    expect((await fetch(`${prefixed}/below/things`)).status).toBe(200)
    expect((await fetch(`${prefixed}/things`)).status).toBe(404)
    expect((await fetch(`${prefixed}/belowthings`)).status).toBe(404)
    expect((await fetch(`${prefixed}/below`)).status).toBe(404)
  })
})

describe('a method', () => {
  test.each([
    ['/things', 'POST', 'GET, HEAD, OPTIONS'],
    ['/things/a/move', 'GET', 'POST, OPTIONS'],
    ['/things/a/move', 'HEAD', 'POST, OPTIONS'],
    ['/things/a', 'DELETE', 'GET, HEAD, OPTIONS'],
  ])('that %s does not have (%s) is a 405 naming those it has', async (path, method, allow) => {
    const response = await fetch(base + path, { method })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe(allow)
  })

  test('OPTIONS is answered with those that are possible', async () => {
    const response = await fetch(`${base}/things/a/move`, { method: 'OPTIONS' })
    expect(response.status).toBe(204)
    expect(response.headers.get('allow')).toBe('POST, OPTIONS')
  })
})

describe('a query', () => {
  test('is converted and its defaults are filled in', async () => {
    expect(await (await fetch(`${base}/things/a?limit=3&`)).json()).toEqual({ thing: 'a', limit: 3 })
  })

  test.each([
    ['format=xml', 'enum', 'format'],
    ['format=', 'enum', 'format'],
    ['limit=many', 'int_type', 'limit'],
    ['limit=1.5', 'int_type', 'limit'],
    ['limit=-1', 'less_than_minimum', 'limit'],
    ['limit=11', 'greater_than_maximum', 'limit'],
    ['limit=1&limit=2', 'duplicate', 'limit'],
    ['formt=text', 'extra_forbidden', 'formt'],
    ['constructor=1', 'extra_forbidden', 'constructor'],
    ['format=%E0%A4', 'invalid_escape', 'format'],
  ])('%s is a 400 of type %s', async (query, type, name) => {
    const response = await fetch(`${base}/things/a?${query}`)
    expect(response.status).toBe(400)
    expect((await detailOf(response))[0]).toMatchObject({ type, loc: ['query', name] })
  })

  test('with an unknown name is answered with the one that was meant', async () => {
    const [detail] = await detailOf(await fetch(`${base}/things/a?formt=text`))
    expect(detail?.msg).toContain('did you mean format?')
  })
})

describe('a body', () => {
  test('is handed over checked', async () => {
    const response = await move('{"version":"w/1","generation":"17"}', { ...json, 'x-test-user': 'ann@example.org' })
    expect(await response.json()).toEqual({ thing: 'a', version: 'w/1', generation: '17', actor: 'ann@example.org' })
  })

  test.each([
    ['{}', [['missing', ['body', 'version']]]],
    ['{"version":1}', [['string_type', ['body', 'version']]]],
    ['{"version":null}', [['string_type', ['body', 'version']]]],
    ['{"version":["v"]}', [['string_type', ['body', 'version']]]],
    ['{"version":""}', [['string_too_short', ['body', 'version']]]],
    ['{"version":"012345678901234567890"}', [['string_too_long', ['body', 'version']]]],
    ['{"version":"a\\u0000b"}', [['string_unicode', ['body', 'version']]]],
    ['{"version":"\\ud800"}', [['string_unicode', ['body', 'version']]]],
    ['{"version":"v","generation":17}', [['string_type', ['body', 'generation']]]],
    ['{"version":"v","generation":"x"}', [['string_pattern_mismatch', ['body', 'generation']]]],
    ['{"version":"v","__proto__":1}', [['extra_forbidden', ['body', '__proto__']]]],
    [
      '{"vershun":"v","generation":""}',
      [
        ['missing', ['body', 'version']],
        ['string_pattern_mismatch', ['body', 'generation']],
        ['extra_forbidden', ['body', 'vershun']],
      ],
    ],
    ['[]', [['object_type', ['body']]]],
    ['"v"', [['object_type', ['body']]]],
    ['{"version":', [['json_invalid', ['body']]]],
    ['', [['missing', ['body']]]],
  ])('%s is a 400 that names every wrong field', async (body, expected) => {
    const response = await move(body)
    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect((await detailOf(response)).map(({ type, loc }) => [type, loc])).toEqual(expected)
  })

  test('that is not UTF-8 is a 400', async () => {
    const response = await move(Buffer.from('{"version":"\xff"}', 'latin1'))
    expect(response.status).toBe(400)
    expect((await detailOf(response))[0]?.type).toBe('json_invalid')
  })

  test('that is missing altogether is a 400', async () => {
    const response = await fetch(`${base}/things/a/move`, { method: 'POST' })
    expect(response.status).toBe(400)
    expect((await detailOf(response))[0]).toMatchObject({ type: 'missing', loc: ['body'] })
  })

  test.each(['gzip', 'br', 'zstd', 'deflate', 'rot13', 'gzip, gzip', 'identity, gzip'])(
    'in the encoding %s is a 415, whatever is in it',
    async (encoding) => {
      for (const body of [gzipSync('{"version":"v"}'), '{"version":"v"}']) {
        const response = await move(body, { ...json, 'content-encoding': encoding })
        expect(response.status).toBe(415)
        expect(response.headers.get('accept-encoding')).toBe('identity')
        expect((await detailOf(response))[0]).toMatchObject({
          type: 'unsupported_media_type',
          loc: ['header', 'content-encoding'],
        })
      }
    },
  )

  test('whose encoding is named twice is a 415', async () => {
    const answer = await sendRaw(
      'POST /things/a/move HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Encoding: identity\r\nContent-Encoding: gzip\r\nContent-Length: 15\r\n\r\n{"version":"v"}',
    )
    expect(answer).toMatch(/^HTTP\/1\.1 415 /)
  })

  test('that is packed for its way is a 415', async () => {
    const answer = await sendRaw(
      'POST /things/a/move HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    )
    expect(answer).toMatch(/^HTTP\/1\.1 415 /)
  })

  test('in the encoding identity is read', async () => {
    const response = await move('{"version":"v"}', { ...json, 'content-encoding': 'Identity' })
    expect(response.status).toBe(200)
    await response.body?.cancel()
  })

  test('is refused before anybody is asked who sends it', async () => {
    const response = await move('{}', { ...json, 'content-encoding': 'gzip', 'x-test-user': 'bad' })
    expect(response.status).toBe(415)
    await detailOf(response)
    expect((await move('x'.repeat(500), { ...json, 'x-test-user': 'bad' })).status).toBe(413)
  })

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json-patch+json',
    'application/json; charset=latin1',
    'nonsense',
  ])('of type %s is a 415', async (type) => {
    const response = await move('{"version":"v"}', { 'content-type': type })
    expect(response.status).toBe(415)
    expect((await detailOf(response))[0]?.type).toBe('unsupported_media_type')
  })

  test('in UTF-16 is a 415, although the framework reads it', async () => {
    const body = Buffer.from('{"version":"v"}', 'utf16le')
    expect((await move(body, { 'content-type': 'application/json; charset=utf-16le' })).status).toBe(415)
  })

  test('without a type is a 415', async () => {
    const answer = await sendRaw(
      'POST /things/a/move HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 15\r\n\r\n{"version":"v"}',
    )
    expect(answer).toMatch(/^HTTP\/1\.1 415 /)
  })

  test.each(['application/json; charset=UTF-8', 'Application/JSON', 'application/json;charset="utf-8"'])(
    'of type %s is read',
    async (type) => {
      expect((await move('{"version":"v"}', { 'content-type': type })).status).toBe(200)
    },
  )

  const large = JSON.stringify({ version: 'v', padding: 'x'.repeat(200) })

  test('over the limit is a 413', async () => {
    const response = await move(large)
    expect(response.status).toBe(413)
    expect((await detailOf(response))[0]?.type).toBe('body_too_large')
  })

  test('over the limit is a 413 also when it does not say how long it is', async () => {
    const chunk = large.length.toString(16)
    const answer = await sendRaw(
      `POST /things/a/move HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}\r\n${large}\r\n0\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
  })

  test('over the limit is a 413 before it is sent, where the client asks first', async () => {
    const head =
      'POST /things/a/move HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: '
    const refused = await sendRaw(`${head}1000000000\r\n\r\n`)
    expect(refused).toMatch(/^HTTP\/1\.1 413 /)
    const taken = await sendRaw(`${head}15\r\nConnection: close\r\n\r\n{"version":"v"}`)
    expect(taken).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /)
  })

  test('that breaks off is a 400 in the log', async () => {
    const before = identified
    const socket = net.connect(Number(new URL(base).port), '127.0.0.1')
    socket.write(
      'POST /things/a/move HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{',
    )
    await expect.poll(() => identified).toBe(before + 1)
    socket.destroy()
    await expect.poll(() => lines.at(-1)?.fields).toMatchObject({ status: 400, code: 'body_incomplete' })
  })

  test('that is refused while it is sent is refused so that the client can read it, also where it closes', async () => {
    const answer = await sendRaw(
      `POST /things/a/move HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Encoding: gzip\r\nContent-Length: 9000000\r\n\r\n${'x'.repeat(9_000_000)}`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 415 /)
  })

  test('that arrives after its answer is thrown away, and the connection is of use for the next request', async () => {
    const long = 'x'.repeat(1_000_000)
    const answer = await sendRaw(
      `POST /things HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${long.length.toString(16)}\r\n${long}\r\n0\r\n\r\nGET /things HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    )
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 405', 'HTTP/1.1 200'])
  })

  test('that is longer than it says is cut there, and the rest is no second request', async () => {
    const answer = await sendRaw(
      'POST /things/a/move HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n{"version":"v"}',
    )
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer.match(/HTTP\/1\.1 200/)).toBeNull()
  })
})

describe('a caller', () => {
  test('whose credentials do not hold gets a 401', async () => {
    const response = await fetch(`${base}/things`, { headers: { 'x-test-user': 'bad' } })
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
    expect(lines[0]?.fields.actor).toBeNull()
  })

  test('is not looked at by an anonymous route', async () => {
    failure = new HttpError(403, { msg: 'for others', type: 'forbidden' })
    const response = await fetch(`${base}/fail`, { headers: { 'x-test-user': 'bad' } })
    expect(response.status).toBe(403)
  })
})

class CustomFailure extends Failure {
  constructor(kind: FailureKind, code: string) {
    super(kind, code, 'what happened')
  }
}

describe('a failure', () => {
  const problem = { file: 'dp2.yaml', path: 'tables.0', code: 'missing', severity: 'error', message: 'no id' } as const
  const warning = { ...problem, severity: 'warning', message: 'no description' } as const

  test.each([
    ['version_mismatch', 409, new VersionMismatchError('staging', 'a', 'b')],
    ['empty_slot', 409, new EmptySlotError('staging', 'stage first')],
    ['dependent_objects', 409, new DependentObjectsError('swap', ['view site.tables'])],
    ['busy', 503, new BusyError('swap', 30_000)],
    ['database', 503, new DatabaseError('swap', new Error('gone'))],
    ['invalid_release_name', 400, new ReleaseNameError('a version must not be empty')],
    ['anything', 503, new CustomFailure('unavailable', 'anything')],
  ])('%s is a %i with its message', async (type, status, thrown) => {
    failure = thrown
    const response = await fetch(`${base}/fail`)
    expect(response.status).toBe(status)
    expect(await detailOf(response)).toEqual([{ msg: thrown.message, type }])
    expect(response.headers.has('retry-after')).toBe(status === 503)
    expect(lines[0]?.fields).toMatchObject({ code: type, reason: thrown.message })
  })

  test('that is busy says when to come again, and is no error in the log', async () => {
    failure = new BusyError('swap', 30_000)
    expect((await fetch(`${base}/fail`)).headers.get('retry-after')).toBe('30')
    expect(lines[0]?.severity).toBe('warning')
  })

  test('that names dependent objects names them in the answer', async () => {
    failure = new DependentObjectsError('swap', ['view site.tables'])
    expect((await detailOf(await fetch(`${base}/fail`)))[0]?.msg).toContain('view site.tables')
  })

  test('that rejects a release is a 422 with one entry for each error', async () => {
    const second = { ...problem, line: 7, path: '', message: 'bad name', suggestion: 'name' }
    failure = new RejectedError('w.1', [problem, warning, second])
    const response = await fetch(`${base}/fail`)
    expect(response.status).toBe(422)
    expect(await detailOf(response)).toEqual([
      { msg: 'no id', type: 'missing', loc: ['dp2.yaml', 'tables.0'] },
      { msg: 'bad name (did you mean name?)', type: 'missing', loc: ['dp2.yaml', 7] },
    ])
  })

  test.each([
    ['an error that nobody raised on purpose', new Error('secret: password is hunter2')],
    ['a fault of the deployment', new CustomFailure('misconfigured', 'secret')],
    ['something that is no error', { secret: true }],
    ['nothing', undefined],
  ])('that is %s is a 500 that gives nothing away, and is logged', async (_, thrown) => {
    failure = thrown
    const response = await fetch(`${base}/fail`)
    expect(response.status).toBe(500)
    expect(await response.text()).toBe(
      '{"detail":[{"msg":"the service failed; its log says why","type":"internal_error"}]}',
    )
    expect(lines).toHaveLength(1)
    expect(lines[0]?.severity).toBe('error')
    expect(lines[0]?.fields.error).toBe(thrown)
    expect(lines[0]?.fields.code).toBe(thrown instanceof CustomFailure ? 'secret' : 'internal_error')
  })

  test('to serialise an answer is a 500', async () => {
    const server = await listen(
      'test-api-circular',
      createApi(
        [
          route({
            method: 'GET',
            path: '/',
            operation: 'o',
            summary: 's',
            answers: {},
            handle: async () => {
              const body: Record<string, unknown> = {}
              body.body = body
              return { body }
            },
          }),
        ],
        { logger },
      ),
    )
    expect((await fetch(server)).status).toBe(500)
  })
})
