import { expect, test } from 'vitest'
import { describeStart, type StartReport } from '../../local/summary.ts'

const REPORT: StartReport = {
  url: 'http://127.0.0.1:8080',
  durationMs: 1,
  servers: [],
  environmentFile: '/state/environment.yaml',
  logFile: '/state/log.jsonl',
  storage: 'http://127.0.0.1:9090',
}

test.each([
  ['/state/environment.yaml', '/state/environment.yaml'],
  ["/her state's/environment.yaml", `'/her state'\\''s/environment.yaml'`],
])('the sweep that is suggested for %s can be pasted into a shell', (environmentFile, shown) => {
  const text = describeStart({ ...REPORT, environmentFile }, { staysUp: true, given: [] })
  expect(text).toContain(`npx almagest sweep --dry-run --environment ${shown}\n`)
})

test('psql, which not every machine has, is suggested as something extra, and only where there is a table to ask for', () => {
  const table = { name: 'heron_dr1.Star', columns: 1, description: null }
  const live = { version: 'r1', schemas: ['heron_dr1'], tables: [table], columns: 1, keys: 0 }
  const server = {
    server: 'tap',
    version: 'r1',
    outcome: 'live',
    stageMs: null,
    swapMs: null,
    databaseUrl: 'postgresql://h/tap',
    serviceUrl: 'http://h/tap/tap',
    metadataUrls: null,
    slots: { staging: null, previous: null },
  } as const
  const suggested = (servers: StartReport['servers']) =>
    describeStart({ ...REPORT, servers }, { staysUp: true, given: [] })
  expect(suggested([{ ...server, live }])).toMatch(
    /^With psql, if you have it.*\n {2}psql 'postgresql:\/\/h\/tap' -c "select/m,
  )
  expect(suggested([{ ...server, live: null }])).not.toContain('psql')
})

test('queries that are suggested quote what ADQL and the shell need', () => {
  const table = { name: 'heron_dr1.Order', columns: 1, description: null }
  const live = { version: 'r1', schemas: ['heron_dr1'], tables: [table], columns: 1, keys: 0 }
  const slots = { staging: null, previous: null }
  const server = {
    server: 'tap',
    version: 'r1',
    outcome: 'live',
    stageMs: null,
    swapMs: null,
    databaseUrl: '',
    slots,
  } as const
  const servers = [{ ...server, live, serviceUrl: 'http://h/tap/tap', metadataUrls: null }]
  const text = describeStart({ ...REPORT, servers }, { staysUp: true, given: [] })
  const query = 'SELECT TOP 5 * FROM heron_dr1.\\"Order\\"'
  expect(text).toContain(`  npx almagest query --url http://h/tap/tap "${query}"\n`)
  const without = describeStart(
    { ...REPORT, servers: [{ ...server, live, serviceUrl: null, metadataUrls: null }] },
    { staysUp: true, given: [] },
  )
  expect(without).not.toContain('query --url')
})
