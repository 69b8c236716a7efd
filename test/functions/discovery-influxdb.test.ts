import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { DiscoveryConfig } from '../../shared/environment/discovery/discovery.ts'
import { type LookUpToken, type TokenInfo, TokenInfoError } from '../../shared/platform/token-info.ts'
import { DATA, HAS_DATA, NEEDS_DATA, readGolden } from '../support/golden.ts'
import { tokenUser } from '../support/token-user.ts'
import { goldenConfig, startDiscovery } from './discovery-service.ts'

const PATH = '/repertoire/discovery/influxdb'

const ENVIRONMENT = `baseHostname: data.example.com
influxdbDatabases:
  summit_efd: {url: "https://summit.example/influxdb/", database: efd, username: reader, passwordKey: summit, schemaRegistry: "http://r:8081"}
  local_efd: {url: "http://[::1]:8086/i/x", database: efd, username: reader, passwordKey: local, schemaRegistry: "http://r:8081", local: true}
`

const USERS: Readonly<Record<string, TokenInfo>> = {
  alice: tokenUser('alice', ['read:sasquatch', 'read:summit']),
  bob: tokenUser('bob', ['read:sasquatch']),
  carol: tokenUser('carol', ['read:tap']),
}

const as = (token: string) => ({ authorization: `Bearer ${token}` })

interface Given {
  readonly config?: Partial<DiscoveryConfig>
  readonly lookUp?: LookUpToken
  readonly readSecret?: (key: string) => Promise<string>
  readonly environment?: string
  /** The scopes that a database needs. */
  readonly scopesFor?: (label: string) => string[]
}

const scopesOf = (label: string) => (label === 'summit_efd' ? ['read:summit'] : [])

/** `summit_efd` needs a scope of its own. */
function start({ config = {}, lookUp, readSecret, environment = ENVIRONMENT, scopesFor = scopesOf }: Given = {}) {
  return startDiscovery({
    environment,
    change(found) {
      const databases = [...found.discovery.influxdbDatabases].map(([label, database]) => {
        return [label, { ...database, requiredScopes: scopesFor(label) }] as const
      })
      const discovery = {
        ...found.discovery,
        influxdbDatabases: new Map(databases),
        influxdbScopes: ['read:sasquatch'],
      }
      return { ...found, discovery: { ...discovery, ...config } }
    },
    dependencies: {
      lookUpToken: lookUp ?? (async (token) => USERS[token]),
      readSecret: readSecret ?? (async (key) => `password of ${key}\n`),
    },
  })
}

describe.skipIf(!HAS_DATA)(`credentials as Repertoire answers them${NEEDS_DATA}`, () => {
  test('with where they lead beside the URL', async () => {
    const service = await startDiscovery({
      environment: goldenConfig('phalanx'),
      config: { influxdbScopes: ['read:sasquatch'] },
      dependencies: {
        lookUpToken: async (token) => USERS[token],
        readSecret: async (key) => readFileSync(join(DATA, 'golden/discovery/secrets', key), 'utf8'),
      },
    })
    const entries = ['idfdev_efd', 'idfdev_metrics'].map((label) => {
      const golden = readGolden<object>(`discovery/discovery/${label}-creds.json`)
      return [label, { ...golden, host: 'data.example.com', port: 443, path: '/influxdb/' }] as const
    })
    const { body, text } = await service.get(PATH, as('bob'))
    expect(body).toEqual(Object.fromEntries(entries))
    expect(Object.keys(body)).toEqual(['idfdev_efd', 'idfdev_metrics'])
    expect(text).toContain(
      '{"url":"https://data.example.com/influxdb/","database":"efd","schema_registry":"http://sasquatch-schema-registry.sasquatch:8081/","username":"efdreader","password":"some-password"',
    )
    for (const [label, entry] of entries) expect((await service.get(`${PATH}/${label}`, as('bob'))).body).toEqual(entry)
    const { status, body: error } = await service.get(`${PATH}/nope`, as('bob'))
    const detail = [{ msg: 'Database nope not found', type: 'database_not_found', loc: ['path', 'database'] }]
    expect([status, error]).toEqual([404, { detail }])
    expect((await service.get(`${PATH}/default`, as('bob'))).body).toEqual(entries[1]![1])
  })
})

describe('who may read credentials', () => {
  test('a label that is nearly another one is not there, in the words of Repertoire', async () => {
    const { body } = await (await start()).get(`${PATH}/local_edf`, as('alice'))
    expect(body.detail[0].msg).toBe('Database local_edf not found')
  })

  test('each sees the databases that the scopes are for; the others do not exist', async () => {
    const service = await start()
    expect(Object.keys((await service.get(PATH, as('alice'))).body)).toEqual(['summit_efd', 'local_efd'])
    expect(Object.keys((await service.get(PATH, as('bob'))).body)).toEqual(['local_efd'])
    const hidden = await service.get(`${PATH}/summit_efd`, as('bob'))
    const absent = await service.get(`${PATH}/nowhere_efd`, as('bob'))
    expect([hidden.status, absent.status]).toEqual([404, 404])
    expect(hidden.text.replaceAll('summit_efd', 'x')).toBe(absent.text.replaceAll('nowhere_efd', 'x'))
    expect((await service.get(`${PATH}/summit_efd`, as('alice'))).status).toBe(200)
  })

  test('someone without the scope of all of them is refused, and reads which one', async () => {
    const service = await start()
    for (const path of [PATH, `${PATH}/local_efd`, `${PATH}/nowhere`]) {
      const { status, headers, body } = await service.get(path, as('carol'))
      expect([status, body.detail[0].type]).toEqual([403, 'permission_denied'])
      expect(headers['www-authenticate']).toContain('error="insufficient_scope", scope="read:sasquatch"')
    }
  })

  test.each([
    ['no credentials', {}, 'Bearer realm="discovery"'],
    ['an unknown token', as('mallory'), 'Bearer realm="discovery", error="invalid_token"'],
    ['no token', { authorization: 'Bearer ' }, 'error="invalid_token"'],
    ['another scheme', { authorization: 'Basic YTpi' }, 'error="invalid_token"'],
    ['a header of a proxy that nobody trusts', { 'x-auth-request-user': 'alice' }, 'Bearer realm="discovery"'],
    ['a token in the header of such a proxy', { 'x-auth-request-token': 'alice' }, 'Bearer realm="discovery"'],
  ])('%s is 401', async (_what, headers, challenge) => {
    const service = await start()
    const answer = await service.get(PATH, headers)
    expect([answer.status, answer.body.detail[0].type]).toEqual([401, 'unauthorised'])
    expect(answer.headers['www-authenticate']).toContain(challenge)
    expect(answer.text).not.toContain('mallory')
  })

  test('headers of a proxy do not add to what a token may', async () => {
    const service = await start()
    const headers = { ...as('bob'), 'x-auth-request-user': 'alice', 'x-auth-request-token': 'alice' }
    expect(Object.keys((await service.get(PATH, headers)).body)).toEqual(['local_efd'])
    const log = service.log.find((line) => line.audit !== undefined)
    expect(log).toMatchObject({ username: 'bob' })
  })

  test('nobody may as long as the token service does not answer, or there is none', async () => {
    const down = await start({ lookUp: () => Promise.reject(new TokenInfoError('down')) })
    const { status, headers, text } = await down.get(`${PATH}/local_efd`, as('alice'))
    expect([status, headers['retry-after']]).toEqual([503, '10'])
    expect(text).not.toContain('password')
    const service = await startDiscovery({ environment: ENVIRONMENT, dependencies: { readSecret: async () => 'p' } })
    expect((await service.get(PATH, as('alice'))).status).toBe(401)
  })

  test('a trusted proxy vouches for the user and the scope it checks; for others the token it passes on does', async () => {
    const service = await start({ config: { trustedProxy: true } })
    const user = { 'x-auth-request-user': 'alice' }
    expect(Object.keys((await service.get(PATH, user)).body)).toEqual(['local_efd'])
    const passed = { ...user, 'x-auth-request-token': 'alice' }
    expect(Object.keys((await service.get(PATH, passed)).body)).toEqual(['summit_efd', 'local_efd'])
    expect((await service.get(PATH, { ...user, 'x-auth-request-token': 'bob' })).status).toBe(401)
    expect((await service.get(PATH, { 'x-auth-request-user': ['alice', 'bob'] })).status).toBe(401)
    expect((await service.get(PATH, {})).status).toBe(401)
  })
})

describe('the default EFD', () => {
  const get = async (given: Given) => (await start(given)).get(`${PATH}/default`, as('alice'))

  test('is the only local one, or the configured one', async () => {
    expect((await get({})).body).toMatchObject({ local: true, host: '::1', port: 8086, path: '/i/x' })
    expect((await get({ config: { defaultInfluxdb: 'summit_efd' } })).body).toMatchObject({
      host: 'summit.example',
    })
  })

  test('is none where it is not known, or the user may not see it', async () => {
    const none = await get({ environment: ENVIRONMENT.replace(', local: true', '') })
    expect([none.status, none.body.detail[0].type]).toEqual([404, 'database_not_found'])
    const service = await start({ config: { defaultInfluxdb: 'summit_efd' } })
    expect((await service.get(`${PATH}/default`, as('bob'))).status).toBe(404)
  })

  test('is the same for everybody, also for users who may not see it', async () => {
    const summit = '/influxdb/", database: efd, username: reader, passwordKey: summit, schemaRegistry: "http://r:8081"'
    const both = await start({ environment: ENVIRONMENT.replace(summit, `${summit}, local: true`) })
    expect((await both.get(`${PATH}/default`, as('bob'))).status).toBe(404)
    expect((await both.get(`${PATH}/default`, as('alice'))).status).toBe(404)
    const named = await start({
      environment: ENVIRONMENT.replace('summit_efd:', 'default:'),
      scopesFor: (label) => (label === 'default' ? ['read:summit'] : []),
    })
    expect((await named.get(`${PATH}/default`, as('bob'))).body.detail[0].msg).toBe('Database default not found')
  })

  test('is a database of that name where there is one', async () => {
    const { body } = await get({ environment: ENVIRONMENT.replace('summit_efd:', 'default:') })
    expect(body).toMatchObject({ host: 'summit.example' })
  })
})

describe('handing out credentials', () => {
  test('is one line in the log for each, without the password, and is kept nowhere', async () => {
    const service = await start()
    const { headers } = await service.get(PATH, as('alice'))
    expect(headers['cache-control']).toBe('no-store, private')
    expect(headers.etag).toBeUndefined()
    await service.get(`${PATH}/local_efd`, as('bob'))
    await service.get(`${PATH}/summit_efd`, as('bob'))
    const audit = service.log.filter((line) => line.audit === 'influxdb_credentials')
    expect(audit.map(({ username, label }) => `${username} ${label}`)).toEqual([
      'alice summit_efd',
      'alice local_efd',
      'bob local_efd',
    ])
    expect(JSON.stringify(service.log)).not.toContain('password of')
  })

  test('a password that cannot be read is 503 by itself, and left out of the list', async () => {
    const readSecret = async (key: string) => (key === 'local' ? 'p' : Promise.reject(new Error('/etc/secrets/summit')))
    const service = await start({ readSecret })
    const { status, text } = await service.get(`${PATH}/summit_efd`, as('alice'))
    expect(status).toBe(503)
    expect(text).not.toContain('/etc')
    expect(Object.keys((await service.get(PATH, as('alice'))).body)).toEqual(['local_efd'])
    expect(service.log).toContainEqual(expect.objectContaining({ severity: 'ERROR' }))
  })
})
