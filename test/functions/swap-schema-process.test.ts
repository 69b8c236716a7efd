import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { readStatus } from '../../shared/tap-schema/status.ts'
import { swap } from '../../shared/tap-schema/swap.ts'
import { buildRelease } from '../releases/build-archive.ts'
import { startBundle } from '../support/bundles.ts'
import { countSwaps } from '../support/count-swaps.ts'
import { startFakeGcs } from '../support/fake-gcs.ts'
import { writeEnvironment } from '../support/function-process.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { sampleSchema } from '../support/sample-release.ts'

const ENVIRONMENT = (database: string, endpoint: string) => `
releases: {bucket: releases}
storage: {apiEndpoint: "${endpoint}"}
tap:
  servers:
    tap:
      databaseUrl: "${database}"
      schemas: [survey]
`

test('the deployed function comes up, stages and swaps, and does not start before its environment file is mended', async () => {
  const database = await createTestDatabase()
  const gcs = await startFakeGcs()
  await gcs.put('releases', 'w.1/schemas.tar.gz', await buildRelease({ 'survey.yaml': sampleSchema('survey') }))
  const file = await writeEnvironment('tpa: {}\n')
  await expect(startBundle('swap-schema', file)).rejects.toThrow(
    /ended with 1: .*does not start.*environment\.yaml.*tpa/s,
  )

  await writeFile(file, ENVIRONMENT(database.url, gcs.endpoint))
  const { url, output } = await startBundle('swap-schema', file)
  expect(await (await fetch(`${url}/healthz`)).json(), output()).toEqual({ status: 'ok' })

  const post = (path: string, body: string) =>
    fetch(`${url}/servers/tap/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const bad = await post('stage', '{"version":')
  expect(bad.status).toBe(400)
  expect(((await bad.json()) as { detail: unknown[] }).detail).toMatchObject([{ type: 'json_invalid', loc: ['body'] }])
  expect(await (await post('stage', '{"version":"w.1"}')).json()).toMatchObject({ outcome: 'staged' })
  expect(await (await post('swap', '{"version":"w.1"}')).json()).toMatchObject({ outcome: 'swapped', live: 'w.1' })
  const { servers } = (await (await fetch(`${url}/servers`)).json()) as { servers: unknown[] }
  expect(servers).toMatchObject([{ name: 'tap', live: 'w.1', staging: null, previous: null }])
})

test('a process that is stopped in the middle of a swap leaves everything as it was', async () => {
  const database = await createTestDatabase()
  const gcs = await startFakeGcs()
  await gcs.put('releases', 'w.1/schemas.tar.gz', await buildRelease({ 'survey.yaml': sampleSchema('survey') }))
  const { url, child } = await startBundle(
    'swap-schema',
    await writeEnvironment(ENVIRONMENT(database.url, gcs.endpoint)),
  )
  const post = (path: string) =>
    fetch(`${url}/servers/tap/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"version":"w.1"}',
    })
  for (const path of ['stage', 'swap', 'stage']) expect((await post(path)).status).toBe(200)

  const reader = await database.pool.connect()
  try {
    await reader.query('begin; select count(*) from tap_schema.tables')
    const stopped = post('swap').then(
      (response) => response.status,
      () => 'broken off',
    )
    await expect.poll(() => countSwaps(database), { timeout: 60_000 }).toBe(1)
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    await exited
    expect([500, 'broken off']).toContain(await stopped)
  } finally {
    await reader.query('rollback')
    reader.release()
  }
  const { slots } = await readStatus(database.pool)
  expect([slots.live.version, slots.staging.version, slots.previous.version]).toEqual(['w.1', 'w.1', null])
  await expect(swap(database.pool, { expectedVersion: 'w.1', actor: 'tester' })).resolves.toMatchObject({ live: 'w.1' })
})
