import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { inject } from 'vitest'
import type { IpType } from '../../local/cloud-sql/admin.ts'
import { type FakeCloudSql, openFakeCloudSql } from '../../local/cloud-sql/fake-cloud-sql.ts'
import { initialiseDatabase } from '../../shared/tap-schema/roles.ts'
import { buildRelease } from '../releases/build-archive.ts'
import { bundleFunctions } from '../support/bundles.ts'
import { type FakeGcs, startFakeGcs } from '../support/fake-gcs.ts'
import { type FunctionProcess, killFunction, spawnFunction } from '../support/function-process.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { sampleSchema } from '../support/sample-release.ts'
import { administer } from '../support/template-database.ts'

export const FUNCTIONS = ['load-release', 'swap-schema', 'discovery', 'tap', 'collect-results'] as const
export type FunctionName = (typeof FUNCTIONS)[number]

/** Functions that log in, with those that only a server with jobs or a registry needs. */
const LOGINS = [...FUNCTIONS, 'run-query', 'watch-queries', 'registry'] as const
export type LoginName = (typeof LOGINS)[number]

/** All functions; startup-probe.test.ts compares them with the folders. */
export const BUNDLES = [...LOGINS, 'console'] as const
export type BundleName = (typeof BUNDLES)[number]

/** One project with Cloud SQL, Cloud Storage, and the bundled functions, each under its own service account. */
export interface Deployment {
  readonly project: string
  readonly cloud: FakeCloudSql
  readonly gcs: FakeGcs
  accountOf(name: LoginName): string
  /** What Terraform puts in the place of DATABASE_USER. */
  userOf(name: LoginName): string
  /** An empty database of the instance. */
  createDatabase(): Promise<TestDatabase>
  /** Statements for the server behind the instances. */
  administer(...statements: readonly string[]): Promise<void>
  /** What the init job does in a database (terraform/modules/database). */
  initialise(database: TestDatabase): Promise<void>
  /** `database` of a TAP server or of the job table, for the environment file. */
  describeDatabase(name: string, where?: { readonly instance?: string; readonly ipType?: IpType }): string
  /** An environment file; `databases` are those of the TAP servers by name, as `describeDatabase` gives them. */
  describeEnvironment(databases: Readonly<Record<string, string>>, jobs: string): string
  /** The function in a process of its own, with the environment file that Terraform would give it. */
  start(name: LoginName, environment: string, variables?: Readonly<Record<string, string>>): Promise<FunctionProcess>
  /** An upload and the push request that its notification makes. */
  upload(version: string): Promise<PushRequest>
  stop(): Promise<void>
}

export function databaseName({ url }: TestDatabase): string {
  return new URL(url).pathname.slice(1)
}

export interface PushRequest {
  readonly method: 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** For `beforeAll`; stopping it is up to the caller. */
export async function openDeployment(
  options: { readonly otherInstances?: readonly string[] } = {},
): Promise<Deployment> {
  const project = `p${randomBytes(5).toString('hex')}`
  const bundles = await bundleFunctions()
  const postgres = inject('postgres')
  const cloud = await openFakeCloudSql({
    instance: `${project}:europe-west1:tap`,
    others: options.otherInstances ?? [],
    postgres,
  })
  const gcs = await startFakeGcs({ buckets: ['releases', 'results'], keep: true })
  const accountOf = (name: LoginName) => `almagest-${name}@${project}.iam.gserviceaccount.com`
  const userOf = (name: LoginName) => `almagest-${name}@${project}.iam`
  const users = LOGINS.map((name) => pg.escapeIdentifier(userOf(name)))
  await administer(postgres, ...users.map((user) => `create role ${user} login`))
  const databases: TestDatabase[] = []
  const processes: FunctionProcess[] = []
  return {
    project,
    cloud,
    gcs,
    accountOf,
    userOf,
    async createDatabase() {
      const database = await createTestDatabase({ initialised: false, keep: true })
      databases.push(database)
      return database
    },
    administer: (...statements) => administer(postgres, ...statements),
    async initialise({ pool }) {
      await initialiseDatabase(pool, {
        stagers: [userOf('load-release')],
        operators: [userOf('swap-schema')],
        readers: [userOf('discovery'), userOf('tap')],
      })
    },
    describeDatabase(name, { instance = 'tap', ipType = 'PRIVATE' } = {}) {
      const place = `instance: "${project}:europe-west1:${instance}", ipType: ${ipType}, name: ${name}`
      return `{${place}, user: DATABASE_USER, adminApiEndpoint: "${cloud.adminApiEndpoint}", poolMax: 4}`
    },
    describeEnvironment(described, jobs) {
      const servers = Object.entries(described).map(
        ([name, database]) => `
    ${name}: {schemas: [survey], follow: ["releases/*"], readers: ["${userOf('discovery')}", "${userOf('tap')}"], database: ${database}, service: {url: "https://data.example.com/api/${name}"}}`,
      )
      return `
releases: {bucket: releases}
storage: {apiEndpoint: "${gcs.endpoint}"}
baseHostname: data.example.com
tap:
  servers:${servers.join('')}
results:
  bucket: results
  mode: delete
  rules: {results: {kind: result, pattern: '^result_(?<job>[a-z0-9]+)\\.xml$', retention: 7d}}
  limits: {deletePercent: 100}
  jobs: {table: uws.Job, database: ${jobs}}
`
    },
    async start(name, environment, more = {}) {
      const file = join(bundles, `${project}-${name}.yaml`)
      await writeFile(file, environment.replaceAll('DATABASE_USER', userOf(name)))
      const source = join(bundles, name)
      const variables = { ...more, ...(await cloud.variablesFor(accountOf(name))), NODE_ENV: 'production' }
      const started = await spawnFunction({ target: name, source, variables }, file)
      processes.push(started)
      return started
    },
    upload: async (version) => describePush(await putRelease(gcs, version), version),
    async stop() {
      await Promise.all(processes.map(killFunction))
      await Promise.all([cloud.stop(), gcs.stop()])
      await Promise.all(databases.map((database) => database.drop()))
      await administer(postgres, ...users.map((user) => `drop role ${user}`))
    },
  }
}

/** @returns its generation */
async function putRelease(gcs: FakeGcs, version: string): Promise<string> {
  const archive = await buildRelease({ 'survey.yaml': sampleSchema('survey') })
  return (await gcs.put('releases', `${version}/schemas.tar.gz`, archive)).generation
}

function describePush(generation: string, version: string): PushRequest {
  const attributes = {
    eventType: 'OBJECT_FINALIZE',
    payloadFormat: 'NONE',
    bucketId: 'releases',
    objectId: `${version}/schemas.tar.gz`,
    objectGeneration: generation,
  }
  const message = { data: 'e30=', attributes, messageId: '1', publishTime: '2026-11-21T10:00:00Z' }
  const body = JSON.stringify({ message, subscription: 'projects/p/subscriptions/s' })
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body }
}
