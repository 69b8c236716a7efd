import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { tokenUser } from '../support/token-user.ts'
import { type Answer, liveSlot, type ServiceOptions, startDiscovery, withServers } from './discovery-service.ts'

const ENVIRONMENT = `${withServers('tap', 'empty')}
environment: {name: idf, label: IDF, title: Interim, docsUrl: "https://docs.example/"}
applications: [portal, sia, vault]
availableDatasets: [dp1]
datasets: {dp1: {description: One, docsUrl: "https://dp1.example/"}}
butlerConfigs: {dp1: "https://data.example.com/butler.yaml"}
influxdbDatabases:
  idf_efd: {url: "https://data.example.com/influxdb/", database: efd, username: reader, passwordKey: efd, schemaRegistry: "http://r:8081", local: true, description: EFD}
rules:
  portal: {ui: {portal: {title: Portal, template: "https://{{ base_hostname }}/portal"}}}
  sia: {data: {sia: {template: "https://{{ base_hostname }}/sia/{{ dataset }}", openapi: "https://{{ base_hostname }}/sia/openapi", quotaLabels: {sia: {title: Images, internal: true}}, versions: {v2: {template: "https://{{ base_hostname }}/sia/{{ dataset }}/query"}}}}}
  vault: {internal: {vault: {template: "https://{{ base_hostname }}/vault", requiredScopes: [read:vault]}}}
hips:
  datasets: {dp1: {paths: [a]}}
  legacy: {dataset: dp1, pathPrefix: /api/hips}
  pathPrefix: /api/hips/v2
  sourceTemplate: "https://{{ base_hostname }}/api/hips/v2/{{ dataset }}"
discovery:
  tutorials: {repository: "https://github.com/example/tutorials", menu: tutorials.json}
`

const MENU = {
  items: [
    {
      type: 'folder',
      name: 'a',
      path: 'a',
      title: 'A',
      items: [{ type: 'notebook', name: 'b', path: 'a/b', title: 'B' }],
    },
  ],
}

function start(more: Partial<ServiceOptions> = {}) {
  return startDiscovery({
    environment: ENVIRONMENT.replace(
      'releases: {bucket: releases}',
      'releases: {bucket: releases, publicBase: "https://r.example"}',
    ),
    dependencies: {
      readLive: async ({ name }) => (name === 'tap' ? liveSlot('r1') : null),
      readSecret: async () => 'secret',
      fetchText: async () => 'hips_status = public\n',
      lookUpToken: async (token) => (token === 'good' ? tokenUser('ann', ['read:sasquatch']) : undefined),
      readTutorials: async () => JSON.stringify(MENU),
    },
    ...more,
  })
}

// biome-ignore lint/suspicious/noExplicitAny: an OpenAPI document as it was served
type OpenApi = any

/** What may be added in time must be added to the description too. */
function closed(value: OpenApi): OpenApi {
  if (Array.isArray(value)) return value.map(closed)
  if (typeof value !== 'object' || value === null) return value
  const copy = Object.fromEntries(Object.entries(value).map(([key, member]) => [key, closed(member)]))
  return 'properties' in copy && !('additionalProperties' in copy) ? { ...copy, additionalProperties: false } : copy
}

function createCheck(document: OpenApi) {
  const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false }).addSchema(closed(document), 'api')
  return (template: string, answer: Answer) => {
    const described = document.paths[template].get.responses[answer.status]
    expect(described, `${template} ${answer.status}: ${answer.text}`).toBeDefined()
    if (described.content === undefined) return expect(answer.text).toBe('')
    const type = answer.headers['content-type']!.split(';')[0]!
    expect(Object.keys(described.content)).toEqual([type])
    if (type !== 'application/json') return
    const validate = ajv.compile({
      $ref: `api#/paths/${template.replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D')}/get/responses/${answer.status}/content/application~1json/schema`,
    })
    expect(validate(answer.body), `${template}: ${ajv.errorsText(validate.errors)} ${answer.text}`).toBe(true)
  }
}

const CASES: readonly (readonly [template: string, path: string, status: number, headers?: Record<string, string>])[] =
  [
    ['/repertoire/discovery', '/repertoire/discovery', 200],
    ['/repertoire/discovery', '/repertoire/discovery', 304, { 'if-none-match': '*' }],
    ['/repertoire/discovery/nublado', '/repertoire/discovery/nublado', 200],
    ['/repertoire/discovery/tutorials', '/repertoire/discovery/tutorials', 200],
    ['/repertoire/discovery/tap/{server}', '/repertoire/discovery/tap/tap', 200],
    ['/repertoire/discovery/tap/{server}', '/repertoire/discovery/tap/empty', 404],
    ['/repertoire/discovery/tap/{server}/metadata/{artifact}', '/repertoire/discovery/tap/tap/metadata/schemas', 307],
    ['/repertoire/discovery/tap/{server}/metadata/{artifact}', '/repertoire/discovery/tap/tap/metadata/sch', 404],
    ['/repertoire/discovery/influxdb', '/repertoire/discovery/influxdb', 200, { authorization: 'Bearer good' }],
    ['/repertoire/discovery/influxdb', '/repertoire/discovery/influxdb', 401],
    [
      '/repertoire/discovery/influxdb/{database}',
      '/repertoire/discovery/influxdb/default',
      200,
      { authorization: 'Bearer good' },
    ],
    ['/api/hips/v2/{dataset}/list', '/api/hips/v2/dp1/list', 200],
    ['/api/hips/list', '/api/hips/list', 200],
    ['/availability', '/availability', 200],
    ['/repertoire/availability', '/repertoire/availability', 200],
    ['/healthz', '/healthz', 200],
    ['/', '/', 200],
    ['/repertoire', '/repertoire', 200],
    ['/repertoire/openapi.json', '/repertoire/openapi.json', 200],
  ]

test('every route is described where Repertoire has its description, and answers as it is described', async () => {
  const service = await start()
  const { status, body } = await service.get('/repertoire/openapi.json')
  expect([status, body.openapi]).toEqual([200, '3.1.0'])
  expect(Object.keys(body.paths).sort()).toEqual([...new Set(CASES.map(([template]) => template))].sort())
  const check = createCheck(body)
  for (const [template, path, expected, headers] of CASES) {
    const answer = await service.get(path, headers)
    expect([path, answer.status]).toEqual([path, expected])
    check(template, answer)
  }
})

test('every reference leads somewhere, every schema is used, and every operation has a name of its own', async () => {
  const { body, text } = await (await start()).get('/repertoire/openapi.json')
  const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map((match) => match[1]!)
  expect([...new Set(references)].sort()).toEqual(Object.keys(body.components.schemas).sort())
  const names = Object.values<OpenApi>(body.paths).map((path) => path.get.operationId)
  expect(new Set(names).size).toBe(names.length)
})

test('credentials are described as wanting a token of the user', async () => {
  const { body } = await (await start()).get('/repertoire/openapi.json')
  expect(body.paths['/repertoire/discovery/influxdb'].get.security).toEqual([{ token: [] }])
  expect(body.paths['/repertoire/discovery'].get.security).toBeUndefined()
  expect(Object.keys(body.components.securitySchemes)).toEqual(['token'])
})

test('the description follows the configuration, and callers that have it are answered with 304', async () => {
  const service = await startDiscovery({ environment: 'pathPrefix: /d\n', options: { prefix: '/discovery' } })
  const { body, headers } = await service.get('/discovery/d/openapi.json')
  expect(body.servers).toEqual([{ url: '/discovery' }])
  expect(Object.keys(body.paths)).toContain('/d/discovery')
  expect(Object.keys(body.paths).join()).not.toContain('hips')
  expect(headers['access-control-allow-origin']).toBe('*')
  expect((await service.get('/discovery/d/openapi.json', { 'if-none-match': headers.etag! })).status).toBe(304)
})
