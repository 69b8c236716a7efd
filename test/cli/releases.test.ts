import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openBucket } from '../../shared/platform/storage/objects.ts'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { swap } from '../../shared/tap-schema/swap.ts'
import { callAlmagest } from '../support/call-command.ts'
import { type FakeGcs, startFakeGcs } from '../support/fake-gcs.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { sampleSchema, stageRequest } from '../support/sample-release.ts'
import { writeFolder } from './release-folder.ts'

interface Overview {
  readonly from: string
  readonly releases: readonly {
    readonly version: string
    readonly on: readonly unknown[]
    readonly remark: string | null
  }[]
  readonly servers: readonly { readonly name: string; readonly error: { readonly code: string } | null }[]
  readonly elsewhere: readonly unknown[]
}

async function publish(to: string, version: string, more: readonly string[] = []): Promise<void> {
  const yaml = await writeFolder({ 'survey.yaml': sampleSchema('survey') })
  expect(await callAlmagest(['publish', '--version', version, '--to', to, ...more, yaml])).toMatchObject({ code: 0 })
}

/** Stages what the bucket holds under this version now. */
async function stage(database: TestDatabase, gcs: FakeGcs, version: string): Promise<void> {
  const object = `${version}/schemas.tar.gz`
  const found = await openBucket({ bucket: 'releases', apiEndpoint: gcs.endpoint }).stat(object)
  const source = { bucket: 'releases', object, generation: found!.generation, sha256: 'ab', bytes: found!.size }
  await stageRelease(database.pool, stageRequest(version, { source }))
}

describe('what is published', () => {
  it('in a folder is listed with what it holds', async () => {
    const out = await writeFolder({})
    await publish(out, 'releases/v1', ['--commit', 'abcdef1234567'])
    await publish(out, 'main')
    const { stdout, code } = await callAlmagest(['releases', '--from', out])
    expect(code).toBe(0)
    const lines = stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(4)
    expect(lines.find((line) => line.startsWith('releases/v1 '))).toMatch(/ 1 +1 +abcdef1234$/)
    expect(lines[2]).toMatch(/^main /)
    const listed = (await callAlmagest(['releases', '--from', out, '--json'])).json<Overview>()
    expect(listed).toMatchObject({ from: out, servers: [], elsewhere: [] })
    expect(listed.releases.map(({ version }) => version)).toEqual(['main', 'releases/v1'])
  })

  it('in an empty folder is nothing', async () => {
    const out = await writeFolder({})
    expect(await callAlmagest(['releases', '--from', out])).toMatchObject({
      code: 0,
      stdout: `no releases in ${out}\n`,
    })
  })

  it('in a bucket is listed below a prefix', async () => {
    const gcs = await startFakeGcs()
    await publish('gs://releases/felis', 'v1', ['--api-endpoint', gcs.endpoint])
    const list = async (from: string) => {
      const result = await callAlmagest(['releases', '--from', from, '--api-endpoint', gcs.endpoint, '--json'])
      return result.json<Overview>().releases.map(({ version }) => version)
    }
    expect(await list('gs://releases/felis')).toEqual(['v1'])
    expect(await list('gs://releases')).toEqual(['felis/v1'])
  })
})

describe('the TAP servers of an environment', () => {
  it('are shown with the releases that they have, in which slot, and of which upload', async () => {
    const gcs = await startFakeGcs()
    const database = await createTestDatabase()
    const folder = await writeFolder({
      'environment.yaml': `
releases: {bucket: releases}
storage: {apiEndpoint: "${gcs.endpoint}"}
tap:
  servers:
    tap: {databaseUrl: "${database.url}", schemas: [survey], schemaVersion: releases/v2}
    ssotap: {databaseUrl: "${database.url}_none", schemas: [survey], follow: ["main"]}
`,
    })
    const environment = ['--environment', join(folder, 'environment.yaml')]
    const to = 'gs://releases'
    await publish(to, 'gone', ['--api-endpoint', gcs.endpoint])
    for (const version of ['releases/v1', 'main', 'releases/v2'])
      await publish(to, version, ['--api-endpoint', gcs.endpoint])
    await stage(database, gcs, 'gone')
    await swap(database.pool, { expectedVersion: 'gone', actor: 'tester' })
    await stage(database, gcs, 'main')
    await swap(database.pool, { expectedVersion: 'main', actor: 'tester' })
    await stage(database, gcs, 'releases/v2')
    await gcs.put('releases', 'main/schemas.tar.gz', 'a later upload')
    const bucket = openBucket({ bucket: 'releases', apiEndpoint: gcs.endpoint })
    for await (const { name, generation } of bucket.list('gone/')) await bucket.remove(name, generation)

    const result = await callAlmagest(['releases', ...environment, '--json'])
    expect(result.code).toBe(1)
    expect(result.stderr).toMatch(/^ssotap: /m)
    const { releases, servers, elsewhere } = result.json<Overview>()
    expect(Object.fromEntries(releases.map(({ version, on }) => [version, on]))).toEqual({
      'releases/v2': [{ server: 'tap', slot: 'staging', current: true }],
      main: [{ server: 'tap', slot: 'live', current: false }],
      'releases/v1': [],
    })
    expect(elsewhere).toEqual([{ server: 'tap', slot: 'previous', version: 'gone' }])
    expect(servers.map(({ name, error }) => [name, error?.code ?? null])).toEqual([
      ['tap', null],
      ['ssotap', expect.any(String)],
    ])
    const { stdout } = await callAlmagest(['releases', ...environment])
    expect(stdout).toMatch(/^releases\/v2 .*tap: staging$/m)
    expect(stdout).toMatch(/^main .*tap: live \(earlier upload\) .*of another archive$/m)
    expect(stdout).toMatch(/not in gs:\/\/releases:\n {2}tap previous: gone/)
  })
})

describe('wrong usage', () => {
  it.each<[readonly string[], number, RegExp]>([
    [[], 2, /--from/],
    [['--from', 's3://x'], 2, /gs:\/\//],
    [['--from', '/nonexistent/folder'], 1, /ENOENT/],
    [['--environment', '/nonexistent/environment.yaml'], 1, /does not exist/],
  ])('%j', async (args, code, message) => {
    const result = await callAlmagest(['releases', ...args])
    expect(result.code).toBe(code)
    expect(result.stderr).toMatch(message)
  })
})
