import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { swap } from '../../shared/tap-schema/swap.ts'
import { callAlmagest } from '../support/call-command.ts'
import { startFakeGcs } from '../support/fake-gcs.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { PROJECT_ROOT } from '../support/run-command.ts'
import { stageRequest } from '../support/sample-release.ts'
import { writeFolder } from './release-folder.ts'

interface Checks {
  readonly checks: readonly { readonly subject: string; readonly state: string; readonly message: string }[]
}

async function checkFile(text: string, ...flags: readonly string[]) {
  const folder = await writeFolder({ 'environment.yaml': text })
  const result = await callAlmagest(['check-environment', '--json', ...flags, join(folder, 'environment.yaml')])
  return { ...result, checks: result.json<Checks>().checks }
}

const stateOf = (checks: Checks['checks'], subject: string) =>
  checks.filter((one) => one.subject === subject).map(({ state }) => state)

test('the small example of docs/configuration.md is right, but for a secret that is not on this machine', async () => {
  const text = readFileSync(join(PROJECT_ROOT, 'docs', 'configuration.md'), 'utf8')
  const [, example = ''] = /```yaml\n(releases:[\s\S]*?)```/.exec(text) ?? []
  const { code, checks } = await checkFile(example)
  expect(code).toBe(0)
  expect(checks.filter(({ state }) => state !== 'ok').map(({ subject }) => subject)).toEqual(['secret ssotap-password'])
})

test('every problem of a file is told, with its place, and the command ends with 1', async () => {
  const { code, checks } = await checkFile(
    'tap:\n  servers:\n    t: {schemas: [a], databaseUrl: "postgresql://h/d", swop: never}\n',
  )
  expect(code).toBe(1)
  expect(checks).toEqual([
    {
      subject: 'tap.servers.t.swop',
      state: 'error',
      message: expect.stringMatching(/environment\.yaml:3:\d+: .*did you mean swap\?/),
    },
  ])
})

test('what is doubtful is a warning: no releases, nobody to read, tokens for anybody', async () => {
  const { code, checks, stdout } = await checkFile(
    'tap:\n  servers:\n    t: {schemas: [a], databaseUrl: "postgresql://h/d"}\n',
  )
  expect(code).toBe(0)
  for (const subject of ['t: releases', 't: readers', 'identity'])
    expect([subject, stateOf(checks, subject)]).toEqual([subject, ['warning']])
  expect(stdout).not.toContain('\u001b')
})

test('--connect reaches for bucket, release, database, roles, readers, topic and job table', async () => {
  const gcs = await startFakeGcs({ buckets: ['releases', 'results'] })
  const database = await createTestDatabase()
  await stageRelease(database.pool, stageRequest('releases/1'))
  await swap(database.pool, { expectedVersion: 'releases/1', actor: 'test' })
  await database.pool.query('create table tap_schema.supportedmodels (x int)')
  const empty = await createTestDatabase({ initialised: false })
  const pubsub = createServer((request, response) => {
    const isThere = request.url === '/v1/projects/example/topics/events'
    response
      .writeHead(isThere ? 200 : 404)
      .end(JSON.stringify(isThere ? {} : { error: { message: 'Resource not found' } }))
  })
  await new Promise<void>((done) => pubsub.listen(0, '127.0.0.1', done))
  onTestFinished(() => void pubsub.close())
  process.env.PUBSUB_EMULATOR_HOST = `127.0.0.1:${(pubsub.address() as AddressInfo).port}`
  onTestFinished(() => void delete process.env.PUBSUB_EMULATOR_HOST)
  const text = (topic: string) => `
storage: {apiEndpoint: '${gcs.endpoint}'}
releases: {bucket: releases}
topic: projects/example/topics/${topic}
tap:
  schemaVersion: releases/1
  servers:
    ready: {schemas: [survey], readers: [public], databaseUrl: '${database.url}'}
    unready: {schemas: [survey], readers: [nobody_there], databaseUrl: '${empty.url}'}
    gone: {schemas: [survey], readers: [public], databaseUrl: 'postgresql://u@127.0.0.1:1/d'}
results:
  bucket: results
  rules: {all: {kind: result, pattern: '^r_(?<job>[a-z]+)$', retention: 7d}}
  jobs: {databaseUrl: '${database.url}', table: uws.no_such_table}
`
  const { code, checks } = await checkFile(text('events'), '--connect')
  expect(code).toBe(1)
  expect(stateOf(checks, 'bucket releases')).toEqual(['ok'])
  expect(stateOf(checks, 'release releases/1')).toEqual(['warning'])
  expect(stateOf(checks, 'ready: database')).toEqual(['ok'])
  expect(stateOf(checks, 'ready: init')).toEqual(['ok'])
  expect(stateOf(checks, 'ready: live')).toEqual(['ok'])
  expect(stateOf(checks, 'ready: reader roles')).toEqual(['ok'])
  expect(checks.find(({ subject }) => subject === 'ready: other objects')).toMatchObject({
    state: 'warning',
    message: expect.stringContaining('table tap_schema.supportedmodels'),
  })
  expect(stateOf(checks, 'unready: init')).toEqual(['error'])
  expect(stateOf(checks, 'gone: database')).toEqual(['error'])
  expect(stateOf(checks, 'topic projects/example/topics/events')).toEqual(['ok'])
  expect(stateOf(checks, 'bucket results')).toEqual(['ok'])
  expect(checks.find(({ subject }) => subject === 'job table uws.no_such_table')).toMatchObject({
    state: 'error',
    message: expect.stringContaining('results.jobs.table'),
  })
  const other = await checkFile(text('nowhere'), '--connect')
  expect(stateOf(other.checks, 'topic projects/example/topics/nowhere')).toEqual(['error'])
})

test('every command that reads the file takes it as --environment', async () => {
  const text = readFileSync(join(PROJECT_ROOT, 'docs', 'configuration.md'), 'utf8')
  const [, example = ''] = /```yaml\n(releases:[\s\S]*?)```/.exec(text) ?? []
  const file = join(await writeFolder({ 'environment.yaml': example }), 'environment.yaml')
  const [argument, option, joined] = [
    await callAlmagest(['discovery', file]),
    await callAlmagest(['discovery', '--environment', file]),
    await callAlmagest(['discovery', `--environment=${file}`]),
  ]
  expect([argument.code, argument.stdout.startsWith('{')]).toEqual([0, true])
  expect([option.stdout, joined.stdout]).toEqual([argument.stdout, argument.stdout])
  const registry = await callAlmagest(['registry', 'list', '--offline', '--environment', file])
  expect(registry).toMatchObject({ code: 1, stderr: expect.stringContaining('ivoaRegistry') })
  for (const args of [
    ['validate', '--environment', file, join(PROJECT_ROOT, 'local', 'sample', 'sky')],
    ['check-environment', '--environment', file],
  ]) {
    expect([args[0], (await callAlmagest(args)).code]).toEqual([args[0], 0])
  }
})

test('a file is named once', async () => {
  expect(await callAlmagest(['check-environment'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('ALMAGEST_ENVIRONMENT'),
  })
  expect(await callAlmagest(['check-environment', 'a.yaml', '--environment', 'b.yaml'])).toMatchObject({ code: 2 })
  expect(await callAlmagest(['check-environment', 'nowhere.yaml'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('nowhere.yaml'),
  })
})
