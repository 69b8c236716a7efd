import type { TapServer } from '../../shared/environment/tap-server.ts'
import { withDeadline } from '../../shared/platform/deadline.ts'
import { describeError, type ErrorDetail, HttpError } from '../../shared/platform/http/errors.ts'
import { readStatus } from '../../shared/tap-schema/status.ts'
import type { SwapDependencies } from './dependencies.ts'

export interface ServerSummary {
  readonly name: string
  readonly schemaVersion: string | null
  readonly swap: TapServer['swap']
  /** The version in each slot; null: the slot is empty, or `error` says why it is not known. */
  readonly live: string | null
  readonly staging: string | null
  readonly previous: string | null
  readonly error?: ErrorDetail
}

/** Asks all databases at once. One that is down, or slower than the deadline, does not hold back the others. */
export async function listServers(
  dependencies: SwapDependencies,
  deadlineMs: number,
): Promise<{ readonly servers: readonly ServerSummary[] }> {
  const servers = [...dependencies.environment.servers.values()]
  return { servers: await Promise.all(servers.map((server) => summarise(dependencies, server, deadlineMs))) }
}

async function summarise(
  { poolFor, logger }: SwapDependencies,
  server: TapServer,
  deadlineMs: number,
): Promise<ServerSummary> {
  const { name, schemaVersion, swap } = server
  const ask = async () => readStatus(await poolFor(server), { historyLimit: 0 })
  try {
    const { slots } = await withDeadline(ask(), deadlineMs, () => tooSlow(deadlineMs))
    const { live, staging, previous } = slots
    const versions = { live: live.version, staging: staging.version, previous: previous.version }
    return { name, schemaVersion, swap, ...versions }
  } catch (error) {
    logger.warning(`the database of ${name} does not report its status`, { server: name, error })
    const [detail] = describeError(error).detail
    const unknown = { live: null, staging: null, previous: null }
    return { name, schemaVersion, swap, ...unknown, ...(detail === undefined ? {} : { error: detail }) }
  }
}

function tooSlow(deadlineMs: number): HttpError {
  return new HttpError(503, { msg: `the database did not answer within ${deadlineMs / 1000} s`, type: 'deadline' })
}
