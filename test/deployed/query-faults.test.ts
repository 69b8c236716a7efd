import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { environmentText } from '../registry/environment.ts'
import type { FunctionProcess } from '../support/function-process.ts'
import { type Deployment, type LoginName, openDeployment } from './deployment.ts'
import { readLog } from './requests.ts'

/** What is wrong with the instance of a TAP server, by the server's name, and what an operator reads. */
const FAULTS: Readonly<Record<string, RegExp>> = {
  forbidden: /roles\/cloudsql\.client/,
  elsewhere: /region.*Got us-east1, want europe-west1/,
  absent: /check project, region and name of the instance/,
  unlinked: /no PSC address/,
}
const SERVERS = Object.keys(FAULTS)
const NAMES = ['tap', 'run-query', 'watch-queries'] as const satisfies readonly LoginName[]
const JOB = '0'.repeat(32)

let deployment: Deployment
const running = {} as Record<(typeof NAMES)[number], FunctionProcess>

beforeAll(async () => {
  deployment = await openDeployment({ otherInstances: ['forbidden', 'elsewhere', 'absent'] })
  const { cloud } = deployment
  Object.assign(cloud.instances.get('forbidden')!, { status: 403 })
  Object.assign(cloud.instances.get('absent')!, { status: 404 })
  Object.assign(cloud.instances.get('elsewhere')!, { region: 'us-east1' })
  const start = async (name: (typeof NAMES)[number]) => {
    running[name] = await deployment.start(name, environment())
  }
  await Promise.all(NAMES.map(start))
})
afterAll(() => deployment?.stop())

function environment(servers: readonly string[] = SERVERS): string {
  const described = servers.map((name) => {
    const database = deployment.describeDatabase('jobs', {
      ...(deployment.cloud.instances.has(name) ? { instance: name } : {}),
      ipType: name === 'unlinked' ? 'PSC' : 'PRIVATE',
    })
    const jobs = '{bucket: results, topic: projects/demo/topics/queries}'
    const service = `{url: "https://data.example.com/api/${name}", jobs: ${jobs}}`
    // Each server has a database of its own.
    return `    ${name}: {schemas: [survey], database: ${database.replace('name: jobs', `name: ${name}`)}, service: ${service}}`
  })
  const more = `storage: {apiEndpoint: "${deployment.gcs.endpoint}"}\ntap:\n  servers:\n${described.join('\n')}`
  return environmentText({ more, tap: '', ...(servers.length === 1 ? {} : { registry: '  server: forbidden' }) })
}

const errors = (process: FunctionProcess) =>
  readLog(process).map((line) => `${line.severity} ${line.message} ${line.error?.message ?? ''}`)

describe.each(SERVERS)('an instance that is %s', (server) => {
  const advice = FAULTS[server]!

  test('is what a query meets as 503, and its log says what to mend', async () => {
    const url = `${running.tap.url}/${server}/sync?${new URLSearchParams({ LANG: 'ADQL', QUERY: 'SELECT 1 AS n FROM a.b' })}`
    const answer = await fetch(url)
    expect([answer.status, await answer.text()]).toEqual([503, expect.not.stringContaining(deployment.project)])
    await expect.poll(() => errors(running.tap).find((line) => advice.test(line))).toMatch(/^(WARNING|ERROR)/)
  })

  test('makes a delivery to run-query fail, so that it comes again', async () => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' } }
    const { status } = await fetch(running['run-query'].url, { ...init, body: JSON.stringify({ server, job: JOB }) })
    expect(status).toBeGreaterThanOrEqual(500)
    await expect.poll(() => errors(running['run-query']).find((line) => advice.test(line))).toMatch(/^(WARNING|ERROR)/)
  })

  test('keeps the registry from answering, which says what to mend', async () => {
    const registry = await deployment.start('registry', environment([server]))
    const answer = await fetch(`${registry.url}/oai?verb=ListRecords&metadataPrefix=ivo_vor`)
    expect(answer.status).toBeGreaterThanOrEqual(500)
    expect(await answer.text()).not.toContain(deployment.project)
    await expect.poll(() => errors(registry).find((line) => advice.test(line))).toMatch(/^(WARNING|ERROR)/)
  })
})

test('watch-queries says of each server what to mend, and is called again', async () => {
  const answer = await fetch(running['watch-queries'].url, { method: 'POST' })
  expect(answer.status).toBe(503)
  for (const server of SERVERS) {
    const start = `ERROR the jobs of ${server} could not be looked after`
    await expect
      .poll(() => errors(running['watch-queries']).find((line) => line.startsWith(start)))
      .toMatch(FAULTS[server]!)
  }
})
