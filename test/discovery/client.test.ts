import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { DiscoveryClient, type DiscoveryClientOptions } from '../../shared/discovery/client.ts'
import { DiscoveryError } from '../../shared/discovery/client-errors.ts'

const URL_OF_DOCUMENT = 'https://data.example/repertoire/discovery'
const CREDENTIALS = `${URL_OF_DOCUMENT}/influxdb/idf_efd`

const DOCUMENT = {
  applications: ['tap'],
  datasets: {
    dp1: {
      butler_config: 'https://data.example/butler.yaml',
      description: 'DP1',
      services: {
        tap: { url: 'https://data.example/tap', versions: { tables: { url: 'https://data.example/tap/tables' } } },
      },
    },
    dp2: { description: 'DP2', services: null },
  },
  influxdb_databases: {
    idf_efd: {
      url: 'https://i/',
      database: 'efd',
      schema_registry: 'http://s/',
      credentials_url: CREDENTIALS,
      port: 443,
    },
  },
  services: {
    internal: { gafaelfawr: { url: 'https://data.example/auth', future: { member: 1 } } },
    ui: { nublado: { url: 'https://nb' } },
  },
  tap_schemas: { tap: { version: 'w.2026.34', loaded_at: null, source: null, schemas: ['dp1'], metadata: null } },
  whatever_comes: [null],
}

interface Call {
  readonly url: string
  readonly init: RequestInit
}

/** A client whose requests are answered one by one, the last answer again and again. */
function clientOf(
  answers: readonly (unknown | (() => Response | Promise<Response>))[],
  options: Partial<DiscoveryClientOptions> = {},
) {
  const calls: Call[] = []
  const clock = { ms: 0 }
  const client = new DiscoveryClient({
    baseUrl: 'https://data.example/repertoire/',
    fetch: async (url, init = {}) => {
      const answer = answers[Math.min(calls.length, answers.length - 1)]
      calls.push({ url: String(url), init })
      return typeof answer === 'function' ? answer() : Response.json(answer)
    },
    now: () => clock.ms,
    ...options,
  })
  return { client, calls, clock }
}

const down = () => Promise.reject(new TypeError('fetch failed'))
const status = (code: number) => () => new Response('{"detail":"x"}', { status: code })
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error: unknown) => (error instanceof DiscoveryError ? error.code : String(error)),
  )

describe('what the client answers', () => {
  const { client } = clientOf([DOCUMENT])

  it('is found by name', async () => {
    expect(await client.datasets()).toEqual(['dp1', 'dp2'])
    expect(await client.serviceUrl('tap', 'dp1')).toBe('https://data.example/tap')
    expect(await client.serviceUrl('tap', 'dp1', 'tables')).toBe('https://data.example/tap/tables')
    expect(await client.internalServiceUrl('gafaelfawr')).toBe('https://data.example/auth')
    expect(await client.uiUrl('nublado')).toBe('https://nb')
    expect(await client.butlerConfig('dp1')).toBe('https://data.example/butler.yaml')
    expect(await client.butlerConfig('dp2')).toBeNull()
    expect(await client.tapSchema('tap')).toEqual(DOCUMENT.tap_schemas.tap)
  })

  it.each([
    [() => client.serviceUrl('tap', 'dp3'), 'there is no dataset "dp3": did you mean dp1?', 'dp1'],
    [() => client.serviceUrl('taps', 'dp1'), 'there is no service of the dataset dp1 "taps": did you mean tap?', 'tap'],
    [() => client.serviceUrl('tpa', 'dp1'), 'there is no service of the dataset dp1 "tpa": did you mean tap?', 'tap'],
    [() => client.serviceUrl('tap', 'pd1'), 'there is no dataset "pd1": did you mean dp1?', 'dp1'],
    [() => client.serviceUrl('tap', 'dp2'), 'there is no service of the dataset dp2 "tap": there are none', undefined],
    [
      () => client.serviceUrl('tap', 'dp1', 'table'),
      'there is no version of the service tap "table": did you mean tables?',
      'tables',
    ],
    [() => client.uiUrl('portal'), 'there is no user interface "portal": there are nublado', undefined],
    [() => client.tapSchema('sso'), 'there is no TAP server "sso": there are tap', undefined],
    [
      () => client.influxdb('idf-efd', 't'),
      'there is no InfluxDB database "idf-efd": did you mean idf_efd?',
      'idf_efd',
    ],
    [() => client.uiUrl('constructor'), 'there is no user interface "constructor": there are nublado', undefined],
    [() => client.uiUrl('__proto__'), 'there is no user interface "__proto__": there are nublado', undefined],
  ])('names what there is instead (%#)', async (ask, message, suggestion) => {
    const error = await ask().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(DiscoveryError)
    expect(error).toMatchObject({ code: 'not_in_discovery', message, suggestion, permanent: true })
  })

  it('may be nothing at all', async () => {
    const { client: empty } = clientOf([{}])
    expect(await empty.datasets()).toEqual([])
    expect(await codeOf(empty.serviceUrl('tap', 'dp1'))).toBe('not_in_discovery')
    expect(await codeOf(empty.tapSchema('tap'))).toBe('not_in_discovery')
  })
})

describe('the document', () => {
  it('is asked for once, without a token and without following redirects', async () => {
    const { client, calls, clock } = clientOf([DOCUMENT])
    await Promise.all([client.datasets(), client.discovery(), client.tapSchema('tap')])
    clock.ms = 299_999
    await client.datasets()
    expect(calls.map(({ url }) => url)).toEqual([URL_OF_DOCUMENT])
    expect(calls[0]!.init).toMatchObject({ headers: { accept: 'application/json' }, redirect: 'error' })
  })

  it('is asked for again after its lifetime', async () => {
    const { client, calls, clock } = clientOf([{ datasets: { a: {} } }, { datasets: { b: {} } }], { lifetimeMs: 10 })
    expect(await client.datasets()).toEqual(['a'])
    clock.ms = 10
    expect(await client.datasets()).toEqual(['b'])
    expect(calls).toHaveLength(2)
  })

  it('may be old while the service is down, and is not asked for each time', async () => {
    const stale: unknown[] = []
    const { client, calls, clock } = clientOf(
      [DOCUMENT, down, status(502), () => new Response('<html>'), { datasets: {} }],
      {
        lifetimeMs: 100,
        retryMs: 10,
        onStale: (error) => stale.push(error),
      },
    )
    await client.discovery()
    for (const ms of [100, 105, 110, 120]) {
      clock.ms = ms
      expect(await client.datasets()).toEqual(['dp1', 'dp2'])
    }
    expect(calls).toHaveLength(4)
    expect(stale.map((error) => (error as DiscoveryError).code)).toEqual([
      'discovery_unreachable',
      'discovery_unreachable',
      'discovery_invalid',
    ])
    clock.ms = 130
    expect(await client.datasets()).toEqual([])
  })

  it.each([
    ['a service that is down', down, 'discovery_unreachable', false],
    ['an error of the service', status(503), 'discovery_unreachable', false],
    ['a service that is not there', status(404), 'not_in_discovery', true],
    ['a web page', () => new Response('<html>'), 'discovery_invalid', true],
    ['a list', [], 'discovery_invalid', true],
    ['null', null, 'discovery_invalid', true],
    ['a service without URL', { services: { ui: { a: {} } } }, 'discovery_invalid', true],
    ['a dataset that is a text', { datasets: { a: 'x' } }, 'discovery_invalid', true],
    [
      'a version without URL',
      { datasets: { a: { services: { s: { url: 'https://x', versions: { v: {} } } } } } },
      'discovery_invalid',
      true,
    ],
    ['services that are a list', { services: [] }, 'discovery_invalid', true],
  ])('cannot be made of %s', async (_, answer, code, permanent) => {
    const { client } = clientOf([answer])
    const error = await client.discovery().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code, permanent })
    expect((error as Error).message).toContain(URL_OF_DOCUMENT)
  })

  it('is not waited for longer than the time limit', async () => {
    const server = createServer(() => {})
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    const { port } = server.address() as AddressInfo
    const client = new DiscoveryClient({ baseUrl: `http://127.0.0.1:${port}`, timeoutMs: 50 })
    expect(await codeOf(client.discovery())).toBe('discovery_unreachable')
  })

  it('is asked for again by the next caller when nothing is known', async () => {
    const { client } = clientOf([down, DOCUMENT])
    expect(await codeOf(client.discovery())).toBe('discovery_unreachable')
    expect(await client.datasets()).toEqual(['dp1', 'dp2'])
  })
})

describe('credentials for InfluxDB', () => {
  const ANSWER = { url: 'https://i/', database: 'efd', schema_registry: 'http://s/', username: 'reader', password: 'p' }

  it('are asked for with the token at the URL that the document names, each time', async () => {
    const { client, calls } = clientOf([DOCUMENT, ANSWER])
    expect(await client.influxdb('idf_efd', 'gt-token')).toEqual({
      url: 'https://i/',
      database: 'efd',
      schemaRegistry: 'http://s/',
      local: false,
      username: 'reader',
      password: 'p',
    })
    await client.influxdb('idf_efd', 'gt-token')
    expect(calls.map(({ url }) => url)).toEqual([URL_OF_DOCUMENT, CREDENTIALS, CREDENTIALS])
    expect(calls[1]!.init).toMatchObject({ headers: { authorization: 'Bearer gt-token' }, redirect: 'error' })
  })

  it('are also found for the default EFD, whatever it is called', async () => {
    const { client, calls } = clientOf([ANSWER])
    expect(await client.defaultInfluxdb('gt-token')).toMatchObject({ database: 'efd', username: 'reader' })
    expect(calls.map(({ url }) => url)).toEqual([`${URL_OF_DOCUMENT}/influxdb/default`])
  })

  it('may have no user name and password', async () => {
    const { client } = clientOf([DOCUMENT, { ...ANSWER, username: null, password: null, local: true }])
    expect(await client.influxdb('idf_efd', 't')).toMatchObject({ username: null, password: null, local: true })
  })

  it.each([
    [status(401), 'not_authorised'],
    [status(403), 'not_permitted'],
    [status(404), 'not_in_discovery'],
    [status(500), 'discovery_unreachable'],
    [down, 'discovery_unreachable'],
    [{ ...ANSWER, url: undefined }, 'discovery_invalid'],
    [{ ...ANSWER, password: 1 }, 'discovery_invalid'],
    ['text', 'discovery_invalid'],
  ])('are refused with the reason (%#)', async (answer, code) => {
    const { client } = clientOf([DOCUMENT, answer])
    const error: unknown = await client.influxdb('idf_efd', 'gt-secret').catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code })
    expect(String(error)).not.toContain('gt-secret')
  })
})
