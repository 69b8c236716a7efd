import { expect, test } from 'vitest'
import { startSwapSchema } from './swap-schema-service.ts'

const ISSUE = [
  'GET /caller',
  'GET /releases',
  'GET /servers',
  'GET /servers/{server}',
  'GET /servers/{server}/diff',
  'POST /servers/{server}/stage',
  'POST /servers/{server}/swap',
  'POST /servers/{server}/rollback',
  'GET /healthz',
  'GET /openapi.json',
]

test('the routes of the interface are described, and no others', async () => {
  const service = await startSwapSchema({ servers: {} })
  const { body } = await service.get('/openapi.json')
  expect(body.openapi).toBe('3.1.0')
  const described = Object.entries<Record<string, unknown>>(body.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(described.sort()).toEqual([...ISSUE].sort())
})

test('every described operation answers with a described status', async () => {
  const service = await startSwapSchema({ servers: {} })
  const { body } = await service.get('/openapi.json')
  for (const [path, item] of Object.entries<Record<string, { responses: object }>>(body.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const sent = method === 'post' ? { version: 'w.1' } : undefined
      const answer = await service.call(method.toUpperCase(), path.replace('{server}', 'nobody'), sent)
      expect(Object.keys(operation.responses)).toContain(String(answer.status))
      expect(answer.status).toBe(path.includes('{server}') ? 404 : 200)
    }
  }
})

test('parameters, bodies and errors are described as they are checked', async () => {
  const service = await startSwapSchema({ servers: {}, prefix: '/swap-schema' })
  const { body } = await service.get('/openapi.json')
  expect(body.servers).toEqual([{ url: '/swap-schema' }])
  const diff = body.paths['/servers/{server}/diff'].get
  expect(diff.parameters.map((parameter: { name: string }) => parameter.name)).toEqual([
    'server',
    'from',
    'to',
    'format',
  ])
  expect(diff.parameters[1].schema).toEqual({ type: 'string', enum: ['live', 'staging', 'previous'], default: 'live' })
  expect(Object.keys(diff.responses['200'].content)).toEqual(['application/json', 'text/plain'])
  const stage = body.paths['/servers/{server}/stage'].post
  const schema = stage.requestBody.content['application/json'].schema
  expect(schema.required).toEqual(['version'])
  expect(schema.additionalProperties).toBe(false)
  expect(Object.keys(schema.properties)).toEqual(['version', 'generation'])
  expect(Object.keys(stage.responses)).toEqual([
    '200',
    '400',
    '401',
    '403',
    '404',
    '408',
    '409',
    '413',
    '415',
    '422',
    '500',
    '503',
  ])
})

test('every reference leads somewhere, and every operation has a name of its own', async () => {
  const service = await startSwapSchema({ servers: {} })
  const { body, text } = await service.get('/openapi.json')
  const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map((match) => match[1]!)
  expect(references.length).toBeGreaterThan(10)
  for (const name of references) expect(Object.keys(body.components.schemas)).toContain(name)
  const items = Object.values<Record<string, { operationId: string }>>(body.paths)
  const names = items.flatMap((item) => Object.values(item).map(({ operationId }) => operationId))
  expect(names).toHaveLength(ISSUE.length)
  expect(new Set(names).size).toBe(names.length)
})

test('each path says which methods it has', async () => {
  const service = await startSwapSchema({ servers: {} })
  for (const route of ISSUE) {
    const [method, path = ''] = route.split(' ')
    const allow = method === 'GET' ? 'GET, HEAD, OPTIONS' : 'POST, OPTIONS'
    const answer = await service.call(method === 'GET' ? 'PUT' : 'GET', path.replace('{server}', 'tap'))
    expect(answer.status).toBe(405)
    expect(answer.headers.get('allow')).toBe(allow)
    const options = await service.call('OPTIONS', path.replace('{server}', 'tap'))
    expect([options.status, options.headers.get('allow')]).toEqual([204, allow])
  }
})

test('what changes something is described with a token, or without where no caller is required', async () => {
  for (const requireCaller of [true, false]) {
    const service = await startSwapSchema({ servers: {}, requireCaller })
    const { paths, components } = (await service.get('/openapi.json')).body
    expect(components.securitySchemes.identity.description).toContain('identity.requireCaller')
    const token = [{ identity: [] }]
    for (const path of ['stage', 'swap', 'rollback']) {
      expect(paths[`/servers/{server}/${path}`].post.security).toEqual(requireCaller ? token : [{}, ...token])
    }
    expect(paths['/servers'].get.security).toEqual([{}, ...token])
    expect(paths['/healthz'].get.security).toBeUndefined()
  }
})

test('texts are described without the control characters that are refused', async () => {
  const service = await startSwapSchema({ servers: {} })
  const { paths } = (await service.get('/openapi.json')).body
  const { version } = paths['/servers/{server}/swap'].post.requestBody.content['application/json'].schema.properties
  const pattern = new RegExp(version.pattern, 'u')
  for (const text of ['\0', 'a\u001f', '\u007f', '\u009fb', 'a\nb']) {
    expect(pattern.test(text)).toBe(false)
    expect((await service.post('/servers/tap/swap', { version: text })).status).toBe(400)
  }
  for (const text of ['releases/w.1', 'é ☆', '\u00a0']) expect(pattern.test(text)).toBe(true)
})
