import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
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

test('what a bundle loads at its start is without storage client, connector and gRPC', async () => {
  const target = await temporaryFolder()
  const { folder } = await bundleFunction('swap-schema', target)
  const files = (await readdir(folder)).filter((file) => file.endsWith('.js'))
  const start = await readFile(join(folder, 'index.js'), 'utf8')
  expect(files.length).toBeGreaterThan(3)
  for (const part of ['storage.googleapis.com', 'sqladmin', 'grpc.keepalive'])
    expect(start.includes(part), part).toBe(false)
  const all = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))
  expect(all.join().includes('@grpc/grpc-js is not part of the bundle')).toBe(true)
  const described = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  const project = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  for (const [name, wanted] of Object.entries(described.dependencies)) expect(wanted).toBe(project.dependencies[name])
})

test('the build step of a bundle fills the compile cache that its start uses', async () => {
  const target = await bundleAll()
  const folder = join(target, 'swap-schema')
  const { scripts } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  execFileSync('sh', ['-c', scripts['gcp-build']], {
    cwd: folder,
    env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` },
  })
  const cached = await readdir(join(folder, '.compile-cache'), { recursive: true })
  expect(cached.length).toBeGreaterThan(3)
  expect(scripts.start).toContain('--target=swap-schema')
})
