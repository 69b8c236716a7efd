import { Failure, messageOf } from '../../failure.ts'

/**
 * No connection to the database was to be had, also after trying again. Transient even when the login or the database
 * is missing: an operator can mend that, and the delivery waits meanwhile.
 */
export class ConnectionError extends Failure {
  /** PostgreSQL's SQLSTATE, where the server has answered. */
  readonly sqlState: string | null
  constructor(message: string, sqlState: string | null, cause: unknown) {
    super('unavailable', 'database_connection', message, { cause })
    this.sqlState = sqlState
  }
}

/** The database's address cannot be one. Its text is not repeated: it may hold a password. */
export class DatabaseAddressError extends Failure {
  constructor(message: string) {
    super('misconfigured', 'invalid_database_address', message)
  }
}

/**
 * Whether connecting again in a moment can help: none was to be had, or one broke. Anything that the server refuses for a
 * reason stays refused.
 */
export function isConnectionRetryable(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof Failure) return false
  const code = codeOf(error)
  if (code === null) return RETRYABLE_MESSAGES.some((pattern) => pattern.test(error.message))
  const state = sqlStateOf(code)
  if (state !== null) return RETRYABLE_STATES.some((prefix) => state.startsWith(prefix))
  return RETRYABLE_CODES.test(code)
}

/**
 * Puts the last error of an attempt to connect into one of ours; failures of ours pass unchanged.
 *
 * @param where the database as people know it, without its password
 */
export function explainConnection(where: string, error: unknown): Failure {
  if (error instanceof Failure) return error
  const code = error instanceof Error ? codeOf(error) : null
  const state = code === null ? null : sqlStateOf(code)
  const said = error instanceof AggregateError ? error.errors.map(messageOf).join('; ') : messageOf(error)
  const advice = ADVICE.find(([pattern]) => pattern.test(state ?? said))?.[1]
  const reason = state === null ? said : `${said} (SQLSTATE ${state})`
  const message = `cannot connect to ${where}: ${reason}${advice === undefined ? '' : `; ${advice}`}`
  return new ConnectionError(message, state, error)
}

/**
 * PostgreSQL documentation, appendix A: connection exceptions, idle in a transaction for too long, too many connections,
 * starting up or going down.
 */
const RETRYABLE_STATES = ['08000', '08001', '08003', '08006', '25P03', '53300', '57P01', '57P02', '57P03']

/** System errors of sockets, and TLS errors, which a renewed certificate of the Cloud SQL connector mends. */
const RETRYABLE_CODES =
  /^(ECONN\w+|EPIPE|EPROTO|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|EAI_AGAIN|ENOTFOUND|ERR_SSL_\w+|ERR_TLS_\w+|CERT_HAS_EXPIRED)$/

/** pg gives these without a code. */
const RETRYABLE_MESSAGES = [
  /^Connection terminated/,
  /socket disconnected before secure TLS connection/,
  /^timeout expired$/,
  /^Query read timeout$/,
  /not queryable/,
]

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/^28/, 'check the user and the password, or that the IAM user was added to the instance with its database role'],
  [/^3D000$/, 'check the name of the database'],
  [/^42501$/, 'the login needs CONNECT on the database'],
  [/^53300$/, 'all connections of the server are taken: lower poolMax or raise max_connections'],
  [/^timeout exceeded when trying to connect/, 'every connection of the pool was busy: raise poolMax'],
  [/ENOTFOUND|EAI_AGAIN/, 'check the host name'],
  [/^timeout expired$|ETIMEDOUT|E(HOST|NET)UNREACH/, 'check that there is a way from here to that address'],
  [/ECONNREFUSED/, 'check host and port, and that PostgreSQL is running there'],
]

/** An error of several addresses (`localhost` as IPv4 and IPv6) has the code of the first. */
function codeOf(error: Error): string | null {
  const source: unknown = error instanceof AggregateError && !('code' in error) ? error.errors[0] : error
  return source instanceof Error && 'code' in source && typeof source.code === 'string' ? source.code : null
}

function sqlStateOf(code: string): string | null {
  return /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code) ? code : null
}
