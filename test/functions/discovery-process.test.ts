import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { DEPLOYED } from '../../shared/tap-schema/options.ts'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { swap } from '../../shared/tap-schema/swap.ts'
import { startBundle } from '../support/bundles.ts'
import { startFakeGcs } from '../support/fake-gcs.ts'
import { writeEnvironment } from '../support/function-process.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { sampleSchema } from '../support/sample-release.ts'

async function deploy(database: TestDatabase, version: string): Promise<void> {
  const source = { bucket: 'releases', object: `${version}/schemas.tar.gz`, generation: '1', sha256: 'ab', bytes: 1 }
  const files = new Map([['survey.yaml', sampleSchema('survey')]])
  const request = { version, schemas: ['survey'], files, source, options: DEPLOYED, readers: [], actor: 'tester' }
  await stageRelease(database.pool, { ...request, redelivery: 'skip' })
  await swap(database.pool, { expectedVersion: version, actor: 'tester' })
}

/** Gafaelfawr's token-info endpoint and two HiPS trees, one of them broken. */
async function startUpstream() {
  const state = { asked: [] as string[] }
  const server = http.createServer((request, response) => {
    const { url = '', headers } = request
    state.asked.push(`${url} ${headers.authorization}`)
    if (url === '/auth/api/v1/token-info') {
      const known = headers.authorization === 'Bearer gt-alice'
      response.writeHead(known ? 200 : 401, { 'content-type': 'application/json' })
      return response.end(JSON.stringify(known ? { username: 'alice', scopes: ['read:sasquatch'] } : { detail: [] }))
    }
    const found = url === '/hips/dp1/good/properties'
    response.writeHead(found ? 200 : 302, { location: '/login' })
    return response.end(found ? 'obs_title = Good\nhips_status = public master\n' : '')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { state, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const environment = (database: string, upstream: string, storage: string) => `
baseHostname: data.example.com
availableDatasets: [dp1]
datasets: {dp1: {description: One}}
hips:
  datasets: {dp1: {paths: [good, bad]}}
  pathPrefix: /api/hips/v2
  sourceTemplate: "${upstream}/hips/{{ dataset }}"
influxdbDatabases:
  efd: {url: "https://data.example.com/influxdb/", database: efd, username: reader, passwordKey: efd, schemaRegistry: "http://r:8081", local: true}
secretsDirectory: secrets
storage: {apiEndpoint: "${storage}"}
releases: {bucket: releases, publicBase: "https://cdn.example/releases"}
discovery:
  tokenInfoUrl: "${upstream}/auth/api/v1/token-info"
  tutorials: {repository: "https://git.example/tutorials", menu: "gs://releases/tutorials.json"}
tap: {servers: {tap: {databaseUrl: "${database}", schemas: [survey]}}}
`

test('the deployed function answers from its configuration, a database, secrets, a bucket and two other services', async () => {
  const database = await createTestDatabase()
  await deploy(database, 'w.1')
  const gcs = await startFakeGcs()
  const menu = { items: [{ type: 'notebook', name: 'a.ipynb', path: 'a.ipynb', title: 'A' }] }
  await gcs.put('releases', 'tutorials.json', JSON.stringify(menu))
  const upstream = await startUpstream()
  const file = await writeEnvironment(environment(database.url, upstream.url, gcs.endpoint))
  const secrets = join(dirname(file), 'secrets')
  await mkdir(secrets)
  await writeFile(join(secrets, 'token'), 'gt-hips\n')
  await writeFile(join(secrets, 'efd'), 'pass word\n')
  const { url, output } = await startBundle('discovery', file)
  const get = (path: string, headers = {}) => fetch(url + path, { headers, redirect: 'manual' })
  const getJson = async (path: string, headers = {}) => (await get(path, headers)).json()
  const base = '/repertoire/discovery'

  expect(await getJson(base), output()).toMatchObject({
    datasets: { dp1: { services: { hips: { url: 'https://data.example.com/api/hips/v2/dp1/list' } } } },
    tap_schemas: { tap: { version: 'w.1', schemas: ['survey'] } },
  })
  const redirect = await get(`${base}/tap/tap/metadata/datalink-snippets`)
  expect(redirect.headers.get('location')).toBe('https://cdn.example/releases/w.1/datalink-snippets.zip')
  await deploy(database, 'w.2')
  const live = async () => ((await getJson(`${base}/tap/tap`)) as { version: string }).version
  await expect.poll(live, { timeout: 60_000 }).toBe('w.2')

  const list = await get('/api/hips/v2/dp1/list')
  expect(await list.text()).toBe(
    `obs_title = Good\nhips_service_url         = ${upstream.url}/hips/dp1/good\nhips_status = public master\n`,
  )
  expect(upstream.state.asked).toContain('/hips/dp1/bad/properties Bearer gt-hips')
  expect(upstream.state.asked.filter((line) => line.startsWith('/login'))).toEqual([])

  const refused = await get(`${base}/influxdb/efd`, { authorization: 'Bearer gt-mallory' })
  expect(refused.status).toBe(401)
  const credentials = await getJson(`${base}/influxdb/default`, { authorization: 'Bearer gt-alice' })
  expect(credentials).toMatchObject({ username: 'reader', password: 'pass word', port: 443 })
  await expect.poll(output).toContain('"audit":"influxdb_credentials","username":"alice","label":"efd"')
  for (const secret of ['pass word', 'gt-alice', 'gt-mallory', 'gt-hips']) expect(output()).not.toContain(secret)

  expect(await getJson(`${base}/tutorials`)).toEqual({ url: 'https://git.example/tutorials', ...menu })
  expect(await (await get('/availability')).text()).toContain('<available>true</available>')
})

test('lines of the log carry an execution id where LOG_EXECUTION_ID asks for it', async () => {
  const file = await writeEnvironment('baseHostname: data.example.com\n')
  const { url, output } = await startBundle('discovery', file, { LOG_EXECUTION_ID: 'true' })
  expect((await fetch(`${url}/nowhere`, { headers: { 'function-execution-id': 'e1' } })).status).toBe(404)
  const line = await vi.waitFor(() => {
    const lines = output().split('\n')
    return JSON.parse(lines.find((text) => text.includes('/nowhere')) ?? '')
  })
  expect(line['logging.googleapis.com/labels']).toEqual({ execution_id: 'e1' })
})
