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

/**
 * Prepares connections to a Cloud SQL instance with IAM login: finds its address and gets a certificate, which the
 * connector renews by itself. The connector is loaded here, for it takes half a second.
 *
 * @throws ConnectionError
 */
export async function openCloudSql(
  address: CloudSqlAddress,
  logger: Logger,
  retryPolicy: Partial<RetryPolicy> = {},
): Promise<CloudSqlSockets> {
  const { AuthTypes, Connector, IpAddressTypes } = await import('@google-cloud/cloud-sql-connector')
  const { instance, ipType, adminApiEndpoint } = address
  const open = async () => {
    // A connector remembers that its first preparation failed, so each attempt gets a new one.
    const connector = new Connector(adminApiEndpoint === null ? {} : { sqlAdminAPIEndpoint: adminApiEndpoint })
    const options = { instanceConnectionName: instance, ipType: IpAddressTypes[ipType], authType: AuthTypes.IAM }
    const { stream } = await connector.getOptions(options)
    return { stream, close: () => connector.close() }
  }
  const onRetry: RetryPolicy['onRetry'] = (error, attempt) =>
    logger.warning(`preparing connections to ${instance}: attempt ${attempt} failed, trying again`, { error })
  try {
    return await retry(open, { ...RETRY, isRetryable: isAdminRetryable, onRetry, ...retryPolicy })
  } catch (error) {
    throw explainPreparation(instance, error)
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

function explainPreparation(instance: string, error: unknown): Error {
  const status = statusOf(error)
  const advice = status === null ? undefined : ADVICE.get(status)
  return explainConnection(`Cloud SQL instance ${instance}${advice === undefined ? '' : ` (${advice})`}`, error)
}

const ADVICE: ReadonlyMap<number, string> = new Map([
  [401, 'the function needs a service account'],
  [403, "grant the function's service account roles/cloudsql.client and roles/cloudsql.instanceUser"],
  [404, 'check project, region and name of the instance'],
])

function statusOf(error: unknown): number | null {
  const given = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined
  const status = given ?? (typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined)
  const number = Number(status)
  return Number.isInteger(number) && number >= 100 && number < 600 ? number : null
}
