import { onTestFinished, vi } from 'vitest'
import { type FakeInstance, type IssuedCertificate, startAdmin } from './admin.ts'
import { FakeClock } from './clock.ts'
import { metadataVariables, startMetadata } from './metadata.ts'
import { FakeProxy } from './proxy.ts'
import { Authority } from './x509.ts'

export interface FakeCloudSqlOptions {
  /** `project:region:name` */
  readonly instance: string
  /** Names of more instances of that project and region, with the same PostgreSQL behind them. */
  readonly others?: readonly string[]
  /** The real PostgreSQL behind the instance. */
  readonly postgres: string
}

/** What a test sees and does; more in FakeProxy. */
export interface FakeCloudSql extends Pick<FakeProxy, 'logins' | 'refusals' | 'statements'> {
  /** For `sqlAdminAPIEndpoint`. */
  readonly adminApiEndpoint: string
  readonly proxy: FakeProxy
  /** By name. */
  readonly instances: ReadonlyMap<string, FakeInstance>
  readonly clock: FakeClock
  /** `GET …/connectSettings`, in the order of arrival. */
  readonly adminCalls: string[]
  readonly issued: IssuedCertificate[]
  /** The SQL Admin API answers the next calls with these statuses; an empty list means success. */
  readonly adminStatuses: number[]
  dropConnections(): void
  refuseNext(connections: number): void
  /** A metadata server for one service account; the environment variables by which a process finds it. */
  variablesFor(serviceAccount: string): Promise<Record<string, string>>
  stop(): Promise<void>
}

/** All of 127.0.0.0/8 is loopback on Linux, so that test processes do not compete for the connector's only port. */
const ADDRESS = process.platform === 'linux' ? `127.0.${process.pid % 200}.${2 + (process.pid % 251)}` : '127.0.0.1'

/**
 * A Cloud SQL project on loopback for the real connector: metadata servers, the two calls of the SQL Admin API, and the
 * instances' own proxy. It does not check what only Google can: IAM roles. Stopping it is up to the caller.
 */
export async function openFakeCloudSql(options: FakeCloudSqlOptions): Promise<FakeCloudSql> {
  const [project = '', region = '', name = ''] = options.instance.split(':')
  const authority = new Authority('Fake Cloud SQL CA')
  const clock = new FakeClock()
  const makeInstance = (dnsName: string | null): FakeInstance => ({
    region,
    addresses: new Set(['PUBLIC', 'PRIVATE']),
    status: null,
    host: ADDRESS,
    dnsName,
  })
  const others = (options.others ?? []).map((other) => [other, makeInstance(`${other}.${project}.sql.goog`)] as const)
  const instances = new Map([[name, makeInstance(null)], ...others])
  const dnsNames = [...instances.values()].flatMap(({ dnsName }) => dnsName ?? [])
  const { postgres } = options
  const proxy = new FakeProxy({
    authority,
    commonName: `${project}:${name}`,
    dnsNames,
    address: ADDRESS,
    postgres,
    clock,
  })
  const [calls, issued, statuses]: [string[], IssuedCertificate[], number[]] = [[], [], []]
  const admin = await startAdmin({ project, instances, authority, clock, calls, issued, statuses })
  const stops = [admin.stop, await proxy.start()]
  return {
    adminApiEndpoint: `http://${admin.host}/`,
    proxy,
    instances,
    clock,
    logins: proxy.logins,
    refusals: proxy.refusals,
    statements: proxy.statements,
    adminCalls: calls,
    issued,
    adminStatuses: statuses,
    dropConnections: () => proxy.dropConnections(),
    refuseNext: (connections) => proxy.refuseNext(connections),
    async variablesFor(serviceAccount) {
      const metadata = await startMetadata(project, serviceAccount, clock)
      stops.push(metadata.stop)
      return metadataVariables(project, metadata)
    },
    stop: async () => void (await Promise.all(stops.map((stop) => stop()))),
  }
}

/** The same for the connector in this process, under one service account, until the test has finished. */
export async function startFakeCloudSql({
  serviceAccount,
  ...options
}: FakeCloudSqlOptions & { readonly serviceAccount: string }): Promise<FakeCloudSql> {
  const cloud = await openFakeCloudSql(options)
  for (const [name, value] of Object.entries(await cloud.variablesFor(serviceAccount))) vi.stubEnv(name, value)
  onTestFinished(async () => {
    vi.unstubAllEnvs()
    await cloud.stop()
  })
  return cloud
}
