import pg from 'pg'

/** How long a request to cancel may be under way. */
const CANCEL_TIMEOUT_MS = 2_000

/**
 * Asks the server to cancel what a client's session is doing, over a connection of its own that is opened as the pool's
 * are (PostgreSQL, "Canceling Requests in Progress").
 *
 * Resolves when the server has closed that connection: it has sent the signal by then, so a later statement of the
 * session is safe.
 *
 * @throws when the server cannot be reached
 */
export async function cancelQuery(client: pg.PoolClient, pool: pg.Pool): Promise<void> {
  const { processID, secretKey, host, port, ssl } = client as unknown as SessionOfClient
  const { stream } = pool.options
  const connection = new pg.Connection({ ssl, ...(stream === undefined ? {} : { stream }) }) as unknown as Messenger
  const done = Promise.withResolvers<void>()
  const timeout = setTimeout(() => {
    done.reject(new Error(`the server did not take a request to cancel within ${CANCEL_TIMEOUT_MS} ms`))
  }, CANCEL_TIMEOUT_MS)
  connection.on('error', done.reject)
  connection.on('end', done.resolve)
  connection.on('connect', () => (ssl ? connection.requestSsl() : connection.cancel(processID, secretKey)))
  connection.on('sslconnect', () => connection.cancel(processID, secretKey))
  if (host.startsWith('/')) connection.connect(`${host}/.s.PGSQL.${port}`)
  else connection.connect(port, host)
  try {
    await done.promise
  } finally {
    clearTimeout(timeout)
    connection.stream.destroy()
  }
}

/** What a client of `pg` knows of its session, and its types leave out. */
interface SessionOfClient {
  readonly processID: number
  readonly secretKey: number
  readonly host: string
  readonly port: number
  readonly ssl: pg.ConnectionConfig['ssl']
}

/** What a connection of `pg` can do, and its types leave out. */
interface Messenger extends pg.Connection {
  connect(portOrPath: number | string, host?: string): void
  requestSsl(): void
  cancel(processID: number, secretKey: number): void
}
