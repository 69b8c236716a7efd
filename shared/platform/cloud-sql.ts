import type { Duplex } from 'node:stream'
import type { CloudSqlAddress } from '../environment/model.ts'
import { explainConnection } from './connection-failures.ts'
import type { Logger } from './log.ts'
import { type RetryPolicy, retry } from './retry.ts'

export interface CloudSqlSockets {
  /** A new encrypted connection to the instance, for `pg`. */
  readonly stream: () => Duplex
  close(): void
}

const RETRY: Omit<RetryPolicy, 'isRetryable'> = { attempts: 3, baseDelayMs: 300, maxDelayMs: 1_000, totalMs: 10_000 }

/** `IAM`: the token of the caller's own credentials logs in; `PASSWORD`: a built-in user does, who has one. */
export type CloudSqlLogin = 'IAM' | 'PASSWORD'

/**
 * Prepares connections to a Cloud SQL instance: finds its address and gets a certificate, which the connector renews by
 * itself. The connector is loaded here, for it takes half a second.
 *
 * @throws ConnectionError
 */
export async function openCloudSql(
  address: CloudSqlAddress,
  login: CloudSqlLogin,
  logger: Logger,
  retryPolicy: Partial<RetryPolicy> = {},
): Promise<CloudSqlSockets> {
  const { AuthTypes, Connector, IpAddressTypes } = await import('@google-cloud/cloud-sql-connector')
  const { instance, ipType, adminApiEndpoint } = address
  const open = async () => {
    // A connector remembers that its first preparation failed, so each attempt gets a new one.
    const connector = new Connector(adminApiEndpoint === null ? {} : { sqlAdminAPIEndpoint: adminApiEndpoint })
    const options = { instanceConnectionName: instance, ipType: IpAddressTypes[ipType], authType: AuthTypes[login] }
    const { stream } = await connector.getOptions(options)
    return { stream, close: () => connector.close() }
  }
  const onRetry: RetryPolicy['onRetry'] = (error, attempt) =>
    logger.warning(`preparing connections to ${instance}: attempt ${attempt} failed, trying again`, { error })
  try {
    return await retry(open, { ...RETRY, isRetryable: isAdminRetryable, onRetry, ...retryPolicy })
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
