import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { onTestFinished, vi } from 'vitest'
import { Authority } from './x509.ts'

export interface FakeCloudSqlOptions {
  /** `project:region:name` */
  readonly instance: string
  readonly serviceAccount: string
  /** The real PostgreSQL behind the instance. */
  readonly postgres: string
}

export interface Login {
  readonly user: string
  readonly database: string
  /** Who the client's certificate was issued to: `iam` for an IAM login, `password` otherwise. */
  readonly certificate: string
}

export interface FakeCloudSql {
  /** For `sqlAdminAPIEndpoint`. */
  readonly adminApiEndpoint: string
  readonly logins: Login[]
  /** `GET …/connectSettings`, in the order of arrival. */
  readonly adminCalls: string[]
  /** The SQL Admin API answers the next calls with these statuses; an empty list means success. */
  readonly adminStatuses: number[]
  /** Breaks every connection that is open. */
  dropConnections(): void
  /** Breaks this many of the next connections right after the handshake. */
  refuseNext(connections: number): void
}

/** All of 127.0.0.0/8 is loopback on Linux, so that test processes do not compete for the connector's only port. */
const INSTANCE_ADDRESS =
  process.platform === 'linux' ? `127.0.${process.pid % 200}.${2 + (process.pid % 251)}` : '127.0.0.1'

/**
 * A Cloud SQL instance on loopback for the real connector: the metadata server (the real path of Application Default
 * Credentials), the two calls of the SQL Admin API, and the instance's own proxy, mutual TLS on port 3307, in front of
 * a real PostgreSQL. It does not check what Google checks: tokens and IAM roles. It stops when the test has finished.
 */
export async function startFakeCloudSql(options: FakeCloudSqlOptions): Promise<FakeCloudSql> {
  const [project = '', region = '', name = ''] = options.instance.split(':')
  const authority = new Authority('Fake Cloud SQL CA')
  const logins: Login[] = []
  const adminCalls: string[] = []
  const adminStatuses: number[] = []
  const proxy = await startProxy(authority, `${project}:${name}`, options.postgres, logins)

  const metadata = await startHttp((request) => {
    const path = request.url ?? ''
    if (path.includes('/token')) return { body: { access_token: 'ya29.fake', expires_in: 3599, token_type: 'Bearer' } }
    if (path.includes('/email')) return { body: options.serviceAccount }
    if (path.includes('/project-id')) return { body: project }
    return { body: {} }
  })
  const admin = await startHttp((request, body) => {
    const path = request.url ?? ''
    adminCalls.push(`${request.method} ${path}`)
    const status = adminStatuses.shift()
    if (status !== undefined) return { status, body: { error: { code: status, message: 'injected', errors: [] } } }
    return { body: path.endsWith('connectSettings') ? connectSettings(authority, region) : issue(authority, body) }
  })
  vi.stubEnv('GCE_METADATA_HOST', metadata)
  vi.stubEnv('METADATA_SERVER_DETECTION', 'assume-present')
  vi.stubEnv('GOOGLE_CLOUD_PROJECT', project)
  onTestFinished(() => void vi.unstubAllEnvs())
  return { adminApiEndpoint: `http://${admin}/`, logins, adminCalls, adminStatuses, ...proxy }
}

function connectSettings(authority: Authority, region: string): object {
  const expirationTime = new Date(Date.now() + 86_400_000).toISOString()
  return {
    kind: 'sql#connectSettings',
    region,
    databaseVersion: 'POSTGRES_18',
    backendType: 'SECOND_GEN',
    ipAddresses: ['PRIMARY', 'PRIVATE'].map((type) => ({ type, ipAddress: INSTANCE_ADDRESS })),
    serverCaCert: { cert: authority.certificate, expirationTime },
  }
}

function issue(authority: Authority, body: string): object {
  const request: { public_key: string; access_token?: string } = JSON.parse(body)
  const commonName = request.access_token === undefined ? 'password' : 'iam'
  const publicKey = createPublicKey(request.public_key)
  return { ephemeralCert: { cert: authority.issue({ commonName, publicKey, lifetimeMs: 3_600_000 }) } }
}

async function startProxy(authority: Authority, commonName: string, postgres: string, logins: Login[]) {
  const { hostname, port } = new URL(postgres)
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const sockets = new Set<Socket>()
  let refusals = 0
  const accept = (client: TLSSocket) => {
    client.on('error', () => client.destroy())
    if (refusals > 0) {
      refusals--
      client.destroy()
      return
    }
    const upstream = connect(Number(port), hostname)
    client.once('data', (startup: Buffer) => logins.push(readLogin(startup, client)))
    client.pipe(upstream).pipe(client)
    for (const socket of [client, upstream]) {
      const end = () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      }
      sockets.add(socket)
      socket.on('error', end).on('close', end)
    }
  }
  const server = createTlsServer(
    {
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      cert: authority.issue({ commonName, publicKey, lifetimeMs: 86_400_000 }),
      ca: authority.certificate,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.3',
    },
    accept,
  )
  // The connector knows no other port.
  await listen(server, 3307, INSTANCE_ADDRESS)
  const dropConnections = () => {
    for (const socket of sockets) socket.destroy()
  }
  onTestFinished(async () => {
    dropConnections()
    await new Promise((done) => server.close(done))
  })
  const refuseNext = (connections: number) => {
    refusals = connections
  }
  return { dropConnections, refuseNext }
}

/** PostgreSQL documentation, "Message Formats": StartupMessage. */
function readLogin(startup: Buffer, client: TLSSocket): Login {
  const texts = startup.subarray(8).toString().split('\0')
  const parameters = new Map<string, string>()
  for (let index = 0; index + 1 < texts.length; index += 2) parameters.set(texts[index]!, texts[index + 1]!)
  const certificate = String(client.getPeerCertificate().subject.CN)
  return { user: parameters.get('user') ?? '', database: parameters.get('database') ?? '', certificate }
}

interface Answer {
  readonly status?: number
  readonly body: unknown
}

/** `127.0.0.1:1234` */
async function startHttp(answer: (request: IncomingMessage, body: string) => Answer): Promise<string> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { status = 200, body } = answer(request, Buffer.concat(chunks).toString())
    const type = typeof body === 'string' ? 'application/text' : 'application/json'
    response.writeHead(status, { 'content-type': type, 'metadata-flavor': 'Google' })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  await listen(server, 0)
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function listen(server: Server, port: number, address = '127.0.0.1'): Promise<void> {
  await new Promise<void>((done, fail) => server.once('error', fail).listen(port, address, done))
}
