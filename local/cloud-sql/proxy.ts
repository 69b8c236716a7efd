import { generateKeyPairSync } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import type { FakeClock } from './clock.ts'
import { listen } from './loopback.ts'
import { errorResponse, MessageReader, readStartup } from './messages.ts'
import type { Authority } from './x509.ts'

export interface Login {
  readonly user: string
  readonly database: string
  readonly certificate: 'iam' | 'password'
  /** Whose token the certificate was issued for. */
  readonly account?: string
}

/** A connection that ended before it reached PostgreSQL. */
export interface Refusal {
  readonly reason: 'expired' | 'dropped' | 'not_your_user'
  readonly account?: string
}

export interface Statement {
  readonly user: string
  readonly sql: string
}

/** The connection breaks at the next statement that matches: before PostgreSQL gets it, or before its answer arrives. */
export interface Break {
  readonly statement: RegExp
  /** Only after such a one in the same transaction. */
  readonly follows?: RegExp
  readonly moment: 'before' | 'after'
}

export interface ProxyOptions {
  readonly authority: Authority
  /** Of the server's certificate. */
  readonly commonName: string
  readonly dnsNames: readonly string[]
  readonly address: string
  readonly postgres: string
  readonly clock: FakeClock
}

interface Connection {
  readonly client: TLSSocket
  readonly upstream: Socket
  user: string
  /** Since the transaction began. */
  readonly sent: string[]
  state: 'open' | 'last-answer' | 'silent'
}

/** The door of the instances: mutual TLS on port 3307, in front of a real PostgreSQL. */
export class FakeProxy {
  /** In the order of arrival, as everything here. */
  readonly logins: Login[] = []
  readonly refusals: Refusal[] = []
  readonly statements: Statement[] = []
  readonly #options: ProxyOptions
  readonly #connections = new Set<Connection>()
  readonly #breaks: Break[] = []
  /** The sockets below TLS, by the client's port. */
  readonly #sockets = new Map<number | undefined, Socket>()
  #drops = 0

  constructor(options: ProxyOptions) {
    this.#options = options
  }

  /** @returns what stops it */
  async start(): Promise<() => Promise<void>> {
    const { authority, commonName, dnsNames, address } = this.#options
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const server = createServer(
      {
        key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
        cert: authority.issue({ commonName, dnsNames, publicKey, lifetimeMs: 86_400_000 }),
        ca: authority.certificate,
        requestCert: true,
        rejectUnauthorized: true,
        minVersion: 'TLSv1.3',
      },
      (client) => this.#accept(client),
    )
    server.on('connection', (socket: Socket) => {
      const { remotePort } = socket
      this.#sockets.set(remotePort, socket)
      socket.on('close', () => this.#sockets.delete(remotePort))
    })
    // The connector knows no other port.
    await listen(server, 3307, address)
    return async () => {
      for (const connection of this.#connections) end(connection)
      await new Promise((done) => server.close(done))
    }
  }

  /** Breaks every connection that is open, or those of one user. */
  dropConnections(user?: string): void {
    for (const connection of this.#find(user)) end(connection)
  }

  /** Breaks this many of the next connections right after the handshake. */
  refuseNext(connections: number): void {
    this.#drops = connections
  }

  /** Connections that are open lead nowhere from now on, and nobody is told: what a network does to idle ones. */
  silenceConnections(user?: string): void {
    for (const connection of this.#find(user)) {
      connection.state = 'silent'
      connection.upstream.destroy()
    }
  }

  breakAt(fault: Break): void {
    this.#breaks.push(fault)
  }

  #find(user?: string): readonly Connection[] {
    return [...this.#connections].filter((connection) => user === undefined || connection.user === user)
  }

  #accept(client: TLSSocket): void {
    client.on('error', () => client.destroy())
    const { subject, valid_to } = client.getPeerCertificate()
    const certificate = subject.CN === 'iam' ? 'iam' : 'password'
    const owner = typeof subject.O === 'string' ? { account: subject.O } : {}
    const expired = Date.parse(valid_to) <= this.#options.clock.now()
    if (expired || this.#drops > 0) {
      if (!expired) this.#drops--
      this.refusals.push({ reason: expired ? 'expired' : 'dropped', ...owner })
      this.#hangUp(client)
      return
    }
    const { hostname, port } = new URL(this.#options.postgres)
    const upstream = connect({ port: Number(port), host: hostname, noDelay: true })
    client.setNoDelay(true)
    const connection: Connection = { client, upstream, user: '', sent: [], state: 'open' }
    this.#connections.add(connection)
    this.#join(connection)
    const messages = new MessageReader()
    client.on('data', (chunk: Buffer) => {
      for (const { bytes, type, statement } of messages.read(chunk)) {
        if (connection.state === 'silent' || client.destroyed) return
        if (type === 'startup' && !this.#logIn(connection, bytes, { certificate, ...owner })) return
        if (statement !== null && !this.#record(connection, statement)) return
        connection.upstream.write(bytes)
      }
    })
  }

  /** By turns an end, which is no error for the client's socket, and a reset, which is one as an alert of TLS would be. */
  #hangUp(client: TLSSocket): void {
    if (this.refusals.length % 2 === 1) client.destroy()
    else this.#sockets.get(client.remotePort)?.resetAndDestroy()
  }

  #join(connection: Connection): void {
    const { client, upstream } = connection
    upstream.on('data', (chunk: Buffer) => {
      if (connection.state === 'last-answer') end(connection)
      else client.write(chunk)
    })
    client.on('close', () => {
      this.#connections.delete(connection)
      upstream.destroy()
    })
    upstream
      .on('error', () => upstream.destroy())
      .on('close', () => {
        if (connection.state !== 'silent') client.destroy()
      })
  }

  /** Cloud SQL lets a certificate of IAM in as the user of its account and no other. */
  #logIn(connection: Connection, bytes: Buffer, bearer: Pick<Login, 'certificate' | 'account'>): boolean {
    const parameters = readStartup(bytes)
    const [user = '', database = ''] = [parameters.get('user'), parameters.get('database')]
    connection.user = user
    if (bearer.account === undefined || user === bearer.account.replace(/\.gserviceaccount\.com$/, '')) {
      this.logins.push({ user, database, ...bearer })
      return true
    }
    this.refusals.push({ reason: 'not_your_user', account: bearer.account })
    const reason = `Cloud SQL IAM service account authentication failed for user "${user}"`
    connection.client.end(errorResponse('28000', reason))
    return false
  }

  #record(connection: Connection, sql: string): boolean {
    const { sent } = connection
    if (/^begin\b/i.test(sql)) sent.length = 0
    const due = this.#breaks.findIndex(
      ({ statement, follows }) =>
        statement.test(sql) && (follows === undefined || sent.some((old) => follows.test(old))),
    )
    const [fault] = due === -1 ? [] : this.#breaks.splice(due, 1)
    if (fault?.moment === 'before') {
      end(connection)
      return false
    }
    sent.push(sql)
    this.statements.push({ user: connection.user, sql })
    if (fault !== undefined) connection.state = 'last-answer'
    return true
  }
}

function end({ client, upstream }: Connection): void {
  client.destroy()
  upstream.destroy()
}
