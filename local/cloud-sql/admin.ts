import { createPublicKey } from 'node:crypto'
import type { FakeClock } from './clock.ts'
import { type Answer, type LoopbackServer, startHttp } from './loopback.ts'
import { readToken } from './metadata.ts'
import type { Authority } from './x509.ts'

export type IpType = 'PUBLIC' | 'PRIVATE' | 'PSC'

/** How an instance is now; a test changes it as an operator would. */
export interface FakeInstance {
  region: string
  readonly addresses: Set<IpType>
  /** What the SQL Admin API answers to every question about it: null: as it should; 0: nothing, ever. */
  status: number | null
  /** Where connections to it go. */
  host: string
  /** Checked in the server's certificate; null: that names `project:instance` itself. */
  readonly dnsName: string | null
}

/** A certificate for a login by IAM. */
export interface IssuedCertificate {
  readonly account: string
  /** `Date.now()` */
  readonly at: number
}

export interface AdminOptions {
  readonly project: string
  readonly instances: ReadonlyMap<string, FakeInstance>
  readonly authority: Authority
  readonly clock: FakeClock
  readonly calls: string[]
  readonly issued: IssuedCertificate[]
  readonly statuses: number[]
}

/** The two calls of the SQL Admin API that the connector makes. */
export function startAdmin(options: AdminOptions): Promise<LoopbackServer> {
  const { project, instances, clock, calls, statuses } = options
  return startHttp((request, body) => {
    const path = request.url ?? ''
    calls.push(`${request.method} ${path}`)
    const token = readToken(request.headers.authorization?.replace(/^Bearer /, '') ?? '')
    if (token === null || token.expires < clock.now()) return refuse(401, 'Invalid Credentials')
    if (!token.scopes.includes('sqlservice.admin')) return refuse(403, 'insufficient authentication scopes')
    const name = /\/instances\/([^/:]+)/.exec(path)?.[1] ?? ''
    const instance = instances.get(name)
    if (instance === undefined) return refuse(404, 'The Cloud SQL instance does not exist.')
    const status = statuses.shift() ?? instance.status
    if (status === 0) return null
    if (status === 403)
      return refuse(403, `boss::NOT_AUTHORIZED: Not authorized to access instance: ${project}:${name}.`)
    if (status !== null) return refuse(status, 'injected')
    return path.endsWith('connectSettings') ? describe(instance, options) : issue(body, options)
  })
}

function refuse(code: number, message: string): Answer {
  return { status: code, body: { error: { code, message, errors: [{ message, domain: 'global' }] } } }
}

function describe({ region, addresses, host, dnsName }: FakeInstance, { authority, clock }: AdminOptions): Answer {
  const types = { PUBLIC: 'PRIMARY', PRIVATE: 'PRIVATE' } as const
  const expirationTime = new Date(clock.now() + 86_400_000).toISOString()
  const settings = {
    kind: 'sql#connectSettings',
    region,
    databaseVersion: 'POSTGRES_18',
    backendType: 'SECOND_GEN',
    ipAddresses: (['PUBLIC', 'PRIVATE'] as const)
      .filter((type) => addresses.has(type))
      .map((type) => ({ type: types[type], ipAddress: host })),
    serverCaCert: { cert: authority.certificate, expirationTime },
    pscEnabled: addresses.has('PSC'),
    // A PSC endpoint is found by its DNS name; the address itself is as good as a name here.
    ...(addresses.has('PSC') ? { dnsName: `${host}.` } : {}),
    ...(dnsName === null
      ? {}
      : { dnsNames: [{ name: `${dnsName}.`, connectionType: 'PUBLIC', dnsScope: 'INSTANCE' }] }),
  }
  return { body: settings }
}

/** For a login by IAM the certificate says whose token it was issued for. */
function issue(body: string, { authority, clock, issued }: AdminOptions): Answer {
  const request: { public_key: string; access_token?: string } = JSON.parse(body)
  const lifetimeMs = clock.aheadMs + clock.lifetimeMs
  const subject = { publicKey: createPublicKey(request.public_key), lifetimeMs }
  if (request.access_token === undefined) {
    return { body: { ephemeralCert: { cert: authority.issue({ ...subject, commonName: 'password' }) } } }
  }
  const token = readToken(request.access_token)
  if (token === null || token.expires < clock.now()) return refuse(401, 'Invalid Credentials')
  if (!token.scopes.includes('sqlservice.login')) return refuse(403, 'insufficient authentication scopes')
  const certificate = authority.issue({ ...subject, commonName: 'iam', organization: token.account })
  issued.push({ account: token.account, at: Date.now() })
  return { body: { ephemeralCert: { cert: certificate } } }
}
