import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { expect, inject, onTestFinished, test } from 'vitest'
import { bundleFunction, functionNames } from '../../cli/build/bundle.ts'
import { readStatus } from '../../shared/tap-schema/status.ts'
import { buildRelease } from '../releases/build-archive.ts'
import { startFakeCloudSql } from '../support/fake-cloudsql.ts'
import { startFakeGcs } from '../support/fake-gcs.ts'
import { ROOT, startFunction, temporaryFolder, writeEnvironment } from '../support/function-process.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { sampleSchema } from '../support/sample-release.ts'

/** A folder as a deployment has it: the bundles, and beside them only the packages that they name. */
async function bundleAll(): Promise<string> {
  const target = await temporaryFolder()
  const modules = join(target, 'node_modules', '@google-cloud')
  await mkdir(modules, { recursive: true })
  await symlink(join(ROOT, 'node_modules/@google-cloud/functions-framework'), join(modules, 'functions-framework'))
  for (const name of await functionNames()) await bundleFunction(name, target)
  return target
}

/** A login that the fake Cloud SQL lets in, with the roles of an operator. */
async function createIamLogin(admin: pg.Pool, name: string): Promise<void> {
  await admin.query(`create role "${name}" login; grant almagest_stager, almagest_owner to "${name}"`)
  onTestFinished(async () => {
    const cleaner = new pg.Client({ connectionString: inject('postgres') })
    await cleaner.connect()
    await cleaner.query(`drop role if exists "${name}"`)
    await cleaner.end()
  })
}

test('the bundled functions load, stage and swap through the real connector and the real storage client', async () => {
  const target = await bundleAll()
  const database = await createTestDatabase()
  await createIamLogin(database.pool, 'bundle@demo.iam')
  const gcs = await startFakeGcs()
  const serviceAccount = 'bundle@demo.iam.gserviceaccount.com'
  const instance = 'demo:europe-west1:bundle'
  const cloud = await startFakeCloudSql({ instance, serviceAccount, postgres: database.url })
  const environment = await writeEnvironment(`
releases: {bucket: releases}
storage: {apiEndpoint: "${gcs.endpoint}"}
tap:
  servers:
    tap:
      database:
        instance: ${instance}
        ipType: PUBLIC
        user: ${serviceAccount}
        name: ${new URL(database.url).pathname.slice(1)}
        adminApiEndpoint: "${cloud.adminApiEndpoint}"
      schemas: [survey]
      schemaVersion: releases/r1
`)
  const { generation } = await gcs.put(
    'releases',
    'releases/r1/schemas.tar.gz',
    await buildRelease({ 'survey.yaml': sampleSchema('survey') }),
  )

  const load = await startFunction(
    { target: 'load-release', source: join(target, 'load-release/index.js') },
    environment,
  )
  const attributes = {
    eventType: 'OBJECT_FINALIZE',
    payloadFormat: 'NONE',
    bucketId: 'releases',
    objectId: 'releases/r1/schemas.tar.gz',
    objectGeneration: generation,
  }
  const message = { data: 'e30=', attributes, messageId: '1', publishTime: '2026-11-21T10:00:00Z' }
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ message, subscription: 'projects/p/subscriptions/s' })
  const delivered = await fetch(`${load.url}/projects/p/topics/t`, { method: 'POST', headers, body })
  expect(delivered.status, load.output()).toBe(204)
  expect((await readStatus(database.pool)).slots.staging.version).toBe('releases/r1')

  const operate = await startFunction(
    { target: 'swap-schema', source: join(target, 'swap-schema/index.js') },
    environment,
  )
  const version = JSON.stringify({ version: 'releases/r1' })
  const swapped = await fetch(`${operate.url}/servers/tap/swap`, { method: 'POST', headers, body: version })
  expect(await swapped.json(), operate.output()).toMatchObject({ outcome: 'swapped', live: 'releases/r1' })
  expect(new Set(cloud.logins.map(({ user, certificate }) => `${user} ${certificate}`))).toEqual(
    new Set(['bundle@demo.iam iam']),
  )
})
