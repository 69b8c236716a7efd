import type { Duplex } from 'node:stream'
import type { CloudSqlAddress } from '../../database-address.ts'
import { withDeadline } from '../deadline.ts'
import type { Logger } from '../log/log.ts'
import { type RetryPolicy, retry } from '../retry.ts'
import { explainConnection } from './connection-failures.ts'

export interface CloudSqlSockets {
  /** A new encrypted connection to the instance, for `pg`. */
  readonly stream: () => Duplex
  /**
   * For when connections are accepted and then refused again and again. The connector renews its certificate by a timer,
   * or after an error of a socket. A peer that just hangs up is none, the timer stands still while a machine sleeps, and
   * a request to Google that was under way before that may never end.
   *
   * @throws ConnectionError
   */
  renew(): Promise<void>
  close(): void
}

export interface CloudSqlOptions {
  readonly login: CloudSqlLogin
  readonly logger: Logger
  readonly retry?: Partial<RetryPolicy> | undefined
  /** How long one attempt to get address and certificate may take; default 20 s. */
  readonly preparationMs?: number | undefined
}

const PREPARATION_MS = 20_000

const RETRY: Omit<RetryPolicy, 'isRetryable'> = { attempts: 3, baseDelayMs: 300, maxDelayMs: 1_000, totalMs: 10_000 }

/** `IAM`: the token of the caller's own credentials logs in; `PASSWORD`: a built-in user does, who has one. */
export type CloudSqlLogin = 'IAM' | 'PASSWORD'

/** What a refused certificate needs is one new one; the SQL Admin API counts requests. */
const RENEWAL_INTERVAL_MS = 30_000

/**
 * Prepares connections to a Cloud SQL instance: finds its address and gets a certificate, which the connector renews by
 * itself. The connector is loaded here, for it takes half a second.
 *
 * @throws ConnectionError
 */
export async function openCloudSql(address: CloudSqlAddress, options: CloudSqlOptions): Promise<CloudSqlSockets> {
  let current = await prepare(address, options)
  let closed = false
  let renewal: Promise<void> | undefined
  let renewedAt = Number.NEGATIVE_INFINITY
  const replace = async () => {
    const next = await prepare(address, options)
    if (closed) return next.close()
    current.close()
    current = next
  }
  return {
    stream: () => current.stream(),
    async renew() {
      // The connector asks anew by itself as long as it cannot even reach the instance.
      const isDue = current.wasAccepted() && performance.now() - renewedAt >= RENEWAL_INTERVAL_MS
      if (renewal === undefined && isDue) {
        renewedAt = performance.now()
        renewal = replace().finally(() => {
          renewal = undefined
        })
      }
      await renewal
    },
    close() {
      closed = true
      current.close()
    },
  }
}

interface Prepared {
  readonly stream: () => Duplex
  /** Whether a handshake came about; a certificate is refused after that. */
  wasAccepted(): boolean
  close(): void
}

async function prepare(address: CloudSqlAddress, options: CloudSqlOptions): Promise<Prepared> {
  const { AuthTypes, Connector, IpAddressTypes } = await import('@google-cloud/cloud-sql-connector')
  const { instance, ipType, adminApiEndpoint } = address
  const { login, logger, preparationMs = PREPARATION_MS } = options
  const expired = () => new Error(`Google did not answer within ${preparationMs / 1000} s`)
  const open = async () => {
    // A connector remembers that its first preparation failed, so each attempt gets a new one.
    const connector = new Connector(adminApiEndpoint === null ? {} : { sqlAdminAPIEndpoint: adminApiEndpoint })
    const wanted = { instanceConnectionName: instance, ipType: IpAddressTypes[ipType], authType: AuthTypes[login] }
    const preparing = connector.getOptions(wanted)
    const { stream } = await withDeadline(preparing, preparationMs, expired).catch((error: unknown) => {
      // Should it come about after all, it would renew its certificate for as long as the process lives.
      preparing.then(
        () => connector.close(),
        () => {},
      )
      throw error
    })
    let accepted = false
    const watched = () => {
      const socket = stream()
      // Until it has seen this, the connector lets a failed renewal become an unhandled rejection, which ends a function.
      socket.emit('secureConnect')
      return socket.once('secureConnect', () => {
        accepted = true
      })
    }
    return { stream: watched, wasAccepted: () => accepted, close: () => connector.close() }
  }
  const onRetry: RetryPolicy['onRetry'] = (error, attempt) =>
    logger.warning(`preparing connections to ${instance}: attempt ${attempt} failed, trying again`, { error })
  try {
    return await retry(open, { ...RETRY, isRetryable: isAdminRetryable, onRetry, ...options.retry })
  } catch (error) {
    throw explainPreparation(address, login, error)
  }
}

/** The name of a service account's database user is its e-mail address without the ending that all of them share. */
export function databaseUserOf(user: string): string {
  return user.replace(/\.gserviceaccount\.com$/, '')
}

/** No answer of the SQL Admin API, or one that says to come back; the connector's own findings (`E…`) are final. */
function isAdminRetryable(error: unknown): boolean {
  const status = statusOf(error)
  if (status !== null) return status === 429 || status >= 500
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^(ECONN\w+|EPIPE|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH)$/.test(code)
}

function explainPreparation({ instance, ipType }: CloudSqlAddress, login: CloudSqlLogin, error: unknown): Error {
  const said = error instanceof Error ? `${'code' in error ? error.code : ''} ${error.message}` : ''
  const advice = STATUS_ADVICE.get(statusOf(error) ?? 0) ?? SAID_ADVICE.find(([pattern]) => pattern.test(said))?.[1]
  const where = `Cloud SQL instance ${instance}`
  return explainConnection(advice === undefined ? where : `${where} (${advice({ ipType, login })})`, error)
}

type Advice = (wanted: { readonly ipType: CloudSqlAddress['ipType']; readonly login: CloudSqlLogin }) => string

const logIn: Advice = () =>
  'the caller needs credentials: a service account, or your own by `gcloud auth application-default login`'

const STATUS_ADVICE: ReadonlyMap<number, Advice> = new Map([
  [401, logIn],
  [
    403,
    ({ login }) =>
      `grant the caller, a function its service account, roles/cloudsql.client${login === 'IAM' ? ' and roles/cloudsql.instanceUser' : ''}`,
  ],
  [404, () => 'check project, region and name of the instance'],
])

/** What the connector and the libraries below it say without a status of the SQL Admin API. */
const SAID_ADVICE: readonly (readonly [RegExp, Advice])[] = [
  [/default credentials|invalid_grant|invalid_rapt/, logIn],
  [/^ENO(PUBLIC|PRIVATE|PSC)SQLADMINIPADDRESS/, ({ ipType }) => `it has no ${ipType} address: choose another IP type`],
  [/^EBADSQLADMINREGION/, () => 'the region is the middle part of the name'],
]

function statusOf(error: unknown): number | null {
  const given = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined
  const status = given ?? (typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined)
  const number = Number(status)
  return Number.isInteger(number) && number >= 100 && number < 600 ? number : null
}
