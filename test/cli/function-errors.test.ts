import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { callAlmagest } from '../support/call-command.ts'

interface ErrorDocument {
  readonly error: {
    readonly code: string
    readonly message: string
    readonly problems: readonly Readonly<Record<string, unknown>>[]
  }
}

/** An address at which something else answers. */
async function serve(listener: RequestListener): Promise<string[]> {
  const server = createServer(listener)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return ['--url', `http://127.0.0.1:${(server.address() as AddressInfo).port}`, '--server', 'a/b?']
}

function answer(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): RequestListener {
  return (_request, response) => {
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body))
  }
}

/** Less than was promised. */
function breakOff(...[, response]: Parameters<RequestListener>): void {
  response.writeHead(200, { 'content-length': 9 })
  response.write('{', () => response.destroy())
}

describe('what answers in place of the function', () => {
  test('the request names the server in its path, escaped, and asks for JSON', async () => {
    const seen: unknown[] = []
    const at = await serve((request, response) => {
      seen.push([request.method, request.url, request.headers.accept, request.headers.authorization])
      answer(200, { slots: {}, history: [] })(request, response)
    })
    await callAlmagest(['status', ...at, '--token', 'abc', '--json'])
    expect(seen).toEqual([['GET', '/servers/a%2Fb%3F?history=10', 'application/json', 'Bearer abc']])
  })

  test.each<[string, RequestListener, string, RegExp]>([
    [
      'busy',
      answer(503, { detail: [{ msg: 'locked', type: 'busy' }] }, { 'retry-after': '30' }),
      'busy',
      /locked.*30 s/,
    ],
    ['a page that is no JSON', answer(200, '<html>'), 'unreachable', /something else/],
    ['JSON of something else', answer(200, { hello: 1 }), 'unreachable', /something else/],
    ['a login page', answer(302, '', { location: 'https://login.example' }), 'unreachable', /login\.example/],
    ['a platform that wants a login', answer(401, '<html>'), 'http_401', /401.*--token/],
    ['a platform that knows the caller', answer(403, '<html>'), 'http_403', /403.*invoke/],
    ['another service', answer(404, '<html>'), 'http_404', /404.*address/],
    ['a platform in trouble', answer(502, 'Bad Gateway'), 'http_502', /502/],
    ['an answer that breaks off', breakOff, 'unreachable', /./],
  ])('%s is an error that says so', async (_, listener, code, said) => {
    const at = await serve(listener)
    const result = await callAlmagest(['status', '--json', ...at])
    const { error } = result.json<ErrorDocument>()
    expect({ exit: result.code, code: error.code }).toEqual({ exit: 1, code })
    expect(error.message).toMatch(said)
  })

  test('several details are problems with their places', async () => {
    const detail = [
      { msg: 'datatype is unknown', type: 'literal_error', loc: ['dp2.yaml', 12, 'tables.0.columns.3'] },
      { msg: 'field is required', type: 'missing', loc: ['body', 'version'] },
      { msg: 'no such release', type: 'other' },
    ]
    const at = await serve(answer(422, { detail }))
    const { code, stderr } = await callAlmagest(['swap', 'v1', ...at])
    expect(code).toBe(1)
    expect(stderr).toContain('422 Unprocessable Entity with 3 problems')
    expect(stderr).toContain('\n  dp2.yaml:12: tables.0.columns.3: datatype is unknown\n')
    expect(stderr).toContain('\n  body: version: field is required\n')
    expect(stderr).toContain('\n  request: no such release\n')
  })

  test('nobody there is an error that names the address', async () => {
    const server = createServer()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    await once(server.close(), 'close')
    const { code, stderr } = await callAlmagest(['status', '--url', `http://127.0.0.1:${port}/`, '--server', 'tap'])
    expect(code).toBe(1)
    expect(stderr).toMatch(new RegExp(`http://127\\.0\\.0\\.1:${port} cannot be reached: .*ECONNREFUSED`))
  })

  test('a token is not sent over plain http to another machine', async () => {
    const at = ['--url', 'http://swap-schema.example.org', '--server', 'tap', '--token', 'abc']
    expect(await callAlmagest(['status', ...at])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('https only'),
    })
  })

  test('without credentials, https says how to name oneself', async () => {
    const at = ['--url', 'https://127.0.0.1:1', '--server', 'tap']
    const env = { GOOGLE_APPLICATION_CREDENTIALS: '/nonexistent.json', HOME: '/nonexistent' }
    const result = await callAlmagest(['status', '--json', ...at], { env })
    const { error } = result.json<ErrorDocument>()
    expect({ exit: result.code, code: error.code }).toEqual({ exit: 1, code: 'no_identity' })
    expect(error.message).toContain('gcloud auth print-identity-token')
  })
})
