import { describe, expect, it } from 'vitest'
import { buildDiscovery } from '../../shared/discovery/build-document.ts'
import { parseEnvironment } from '../../shared/environment/parse.ts'
import { goldenConfig, liveSlot, type Service, startDiscovery, withServers } from '../functions/discovery-service.ts'
import { HAS_DATA, NEEDS_DATA, readGolden } from '../support/golden.ts'
import { tokenUser } from '../support/token-user.ts'

/**
 * What the two clients in daily use request, and what is fatal to them (measured; spec of discovery, section 11):
 * `rubin.repertoire.DiscoveryClient` and `lsst.rsp` in Python, `@lsst-sqre/repertoire-client` in TypeScript.
 */
type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** Where the Python client dies: pydantic models without null, members that must be there. Empty: it lives. */
function fatalToPython(document: Json): string[] {
  const found: string[] = []
  const object = (value: Json | undefined, path: string): { [key: string]: Json } => {
    if (value === undefined) return {}
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
    found.push(`${path} is no object`)
    return {}
  }
  const url = (value: Json | undefined, path: string, optional = false) => {
    if (optional && (value === undefined || value === null)) return
    if (typeof value !== 'string' || !/^https?:$/.test(URL.parse(value)?.protocol ?? ''))
      found.push(`${path} is no URL`)
  }
  const services = (value: Json | undefined, path: string) => {
    for (const [name, service] of Object.entries(object(value, path))) {
      const { url: own, openapi, docs_url, versions } = object(service, `${path}.${name}`)
      url(own, `${path}.${name}.url`)
      url(openapi, `${path}.${name}.openapi`, true)
      url(docs_url, `${path}.${name}.docs_url`, true)
      for (const [version, entry] of Object.entries(object(versions, `${path}.${name}.versions`))) {
        url(object(entry, version).url, `${path}.${name}.versions.${version}.url`)
      }
    }
  }
  const { applications = [], datasets, influxdb_databases, services: all } = object(document, 'the document')
  if (!Array.isArray(applications)) found.push('applications is no list')
  for (const [name, dataset] of Object.entries(object(datasets, 'datasets'))) {
    const { services: own, butler_config, docs_url } = object(dataset, name)
    services(own, `datasets.${name}.services`)
    url(butler_config, `datasets.${name}.butler_config`, true)
    url(docs_url, `datasets.${name}.docs_url`, true)
  }
  for (const [name, database] of Object.entries(object(influxdb_databases, 'influxdb_databases'))) {
    const { url: own, schema_registry, credentials_url, database: inner } = object(database, name)
    for (const [key, value] of Object.entries({ own, schema_registry, credentials_url })) url(value, `${name}.${key}`)
    if (typeof inner !== 'string') found.push(`${name}.database is no text`)
  }
  services(object(all, 'services').internal, 'services.internal')
  services(object(all, 'services').ui, 'services.ui')
  return found
}

/** The TypeScript client wants the same, and moreover `services`, and no URL over 2083 characters. */
function fatalToTypeScript(document: { [key: string]: Json }): string[] {
  const long = [...JSON.stringify(document).matchAll(/"(https?:[^"]*)"/g)].filter(([, url = '']) => url.length > 2083)
  const services = document.services === undefined ? ['services is missing'] : []
  return [...fatalToPython(document), ...services, ...long.map(([, url]) => `${url} is too long`)]
}

/** What the Python client sends. */
const PYTHON = { accept: '*/*', 'accept-encoding': 'gzip, deflate', 'user-agent': 'python-httpx/0.28.1' }
const PATH = '/repertoire/discovery'
const ENVIRONMENTS =
  'base ccin2p3 idfdev idfint idfprod minikube roundtable-dev summit tacc-spherex ukidacdev usdfdev usdfprod'

async function documentOf(service: Service): Promise<{ [key: string]: Json }> {
  const { status, body } = await service.get(PATH, { accept: '*/*' })
  expect(status).toBe(200)
  return body
}

describe('the checks of this file', () => {
  it('find what kills the clients', () => {
    const fatal = {
      applications: null,
      datasets: { a: { services: { s: { openapi: null, versions: null }, t: { url: 'gs://b/o' } } } },
      influxdb_databases: { e: { url: 'https://i', database: 'd' } },
    }
    expect(fatalToTypeScript(fatal)).toEqual([
      'applications is no list',
      'datasets.a.services.s.url is no URL',
      'datasets.a.services.s.versions is no object',
      'datasets.a.services.t.url is no URL',
      'e.schema_registry is no URL',
      'e.credentials_url is no URL',
      'services is missing',
    ])
    expect(fatalToPython({})).toEqual([])
  })

  it.skipIf(!HAS_DATA)(`find nothing in the document of unknown members that both accept${NEEDS_DATA}`, () => {
    expect(fatalToTypeScript(readGolden('discovery/discovery/unknown.json'))).toEqual([])
    expect(fatalToTypeScript(readGolden('discovery/v3/discovery-3.0.0-shape.json'))).toEqual([])
  })
})

describe.skipIf(!HAS_DATA)(`real environments${NEEDS_DATA}`, () => {
  it.each(ENVIRONMENTS.split(' '))('%s can be read by both clients', (name) => {
    const { environment } = parseEnvironment(name, goldenConfig(`../environments/${name}.config`))
    const baseUrl = 'https://data.example.com/repertoire'
    const document = buildDiscovery(environment!.discovery, { baseUrl, hipsBaseUrl: 'https://data.example.com' })
    expect(fatalToTypeScript(JSON.parse(JSON.stringify(document)))).toEqual([])
  })
})

describe('the Python client', () => {
  it.skipIf(!HAS_DATA)(
    `reads the document with what it sends, and credentials where the document says${NEEDS_DATA}`,
    async () => {
      const service = await startDiscovery({
        environment: goldenConfig('phalanx'),
        config: { publicBase: 'https://data.example.com' },
        dependencies: {
          lookUpToken: async (token) => (token === 'gt-good' ? tokenUser('user', ['read:sasquatch']) : undefined),
          readSecret: async () => 'some-password',
        },
      })
      const { status, headers, content } = await service.get(PATH, PYTHON)
      expect([status, headers.location, headers['content-encoding']]).toEqual([200, undefined, 'gzip'])
      expect(content.length).toBeGreaterThan(0)
      const document = await documentOf(service)
      expect(fatalToPython(document)).toEqual([])
      const { credentials_url } = (document.influxdb_databases as { [label: string]: { credentials_url: string } })
        .idfdev_efd!
      const path = new URL(credentials_url).pathname
      const credentials = await service.get(path, { accept: '*/*', authorization: 'Bearer gt-good' })
      expect(credentials.status).toBe(200)
      expect(credentials.body).toMatchObject(readGolden<object>('discovery/discovery/idfdev_efd-creds.json'))
      expect(Object.keys(credentials.body)).toEqual(expect.arrayContaining(['username', 'password']))
      expect((await service.get(path, { authorization: 'Bearer gt-bad' })).status).toBe(401)
    },
  )

  it('reads an empty document, and one with TAP schemas', async () => {
    expect(await documentOf(await startDiscovery())).toEqual({})
    const service = await startDiscovery({
      environment: withServers('tap'),
      dependencies: { readLive: async () => liveSlot('w.2026.34') },
    })
    const document = await documentOf(service)
    expect(document.tap_schemas).toBeDefined()
    expect(fatalToPython(document)).toEqual([])
  })

  it('is never redirected, with or without a slash', async () => {
    const service = await startDiscovery()
    for (const path of [PATH, `${PATH}/`])
      expect((await service.get(path, PYTHON)).status).not.toBeOneOf([301, 302, 307, 308])
  })
})

describe('the TypeScript client', () => {
  it('reads every environment that always has services, be it empty', async () => {
    const environment = 'baseHostname: h.example\ndiscovery: {alwaysServices: true}\n'
    const document = await documentOf(await startDiscovery({ environment }))
    expect(document).toEqual({ services: { internal: {}, ui: {} } })
    expect(fatalToTypeScript(document)).toEqual([])
    expect(fatalToPython(document)).toEqual([])
  })

  it('cannot read an empty one of Repertoire, whose bytes are ours without that setting', async () => {
    expect(fatalToTypeScript(await documentOf(await startDiscovery()))).toEqual(['services is missing'])
  })

  it('may read it from a page of another origin', async () => {
    const service = await startDiscovery()
    const { headers } = await service.get(PATH, { origin: 'https://squareone.example', 'cache-control': 'no-cache' })
    expect(headers['access-control-allow-origin']).toBe('*')
  })
})
