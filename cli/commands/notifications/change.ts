import type pg from 'pg'
import { loadEnvironment } from '../../../shared/deployment/environment-file.ts'
import { connectAddress } from '../../../shared/deployment/server-connections.ts'
import type { Environment } from '../../../shared/environment/environment.ts'
import type { TapJobs } from '../../../shared/environment/tap-jobs.ts'
import { nearMiss } from '../../../shared/near-miss.ts'
import {
  createNotification,
  listAllNotifications,
  type Notification,
  removeNotification,
} from '../../../shared/uws/notify.ts'
import { FAILED } from '../../terminal/exit-codes.ts'
import { endOnInterrupt } from '../../terminal/interrupt.ts'
import { type OutputOptions, writeResult } from '../../terminal/output.ts'
import { formatTable, terminalWidth } from '../../terminal/table.ts'
import { UsageError } from '../../terminal/usage-error.ts'
import { openLogger } from '../publish/open-location.ts'

export interface ServerFlags extends OutputOptions {
  readonly server?: string
}

export interface CreateFlags extends ServerFlags {
  readonly user?: string
  readonly kind: string
  readonly days: number
}

const SECONDS_PER_DAY = 86_400

interface Shown extends Notification {
  readonly server: string
}

/** `notifications list`. */
export async function list(file: string, flags: ServerFlags): Promise<void> {
  const found = await onServers(file, flags.server, async (pool, server) =>
    (await listAllNotifications(pool, server)).map((notification) => ({ server, ...notification })),
  )
  show(found.flat(), flags)
}

/** `notifications create`. */
export async function create(file: string, message: string, flags: CreateFlags): Promise<void> {
  const { user = null, kind, days } = flags
  const about = { recipient: user, kind, message, seconds: days * SECONDS_PER_DAY }
  const made = await onServers(file, flags.server, async (pool, server) => ({
    server,
    ...(await createNotification(pool, { server, ...about })),
  }))
  show(made, flags)
}

/** `notifications remove`. Ends with 1 where there is none. */
export async function remove(file: string, id: string, flags: ServerFlags): Promise<void> {
  const removed = await onServers(file, flags.server, async (pool, server) =>
    (await removeNotification(pool, server, id)) ? [server] : [],
  )
  const servers = removed.flat()
  writeResult({ id, servers }, flags, () =>
    servers.length === 0 ? `there is no notification ${id}` : `removed from ${servers.join(', ')}`,
  )
  if (servers.length === 0) process.exitCode = FAILED
}

function show(notifications: readonly Shown[], flags: OutputOptions): void {
  writeResult(notifications, flags, () =>
    formatTable(
      ['id', 'server', 'for', 'kind', 'until', 'message'],
      notifications.map(({ id, server, recipient, kind, until, message }) => [
        ...[id, server, recipient ?? 'all', kind, until.toISOString(), message],
      ]),
      { width: terminalWidth() },
    ).join('\n'),
  )
}

/** Does something in the jobs database of one server, or of each one that has jobs. */
async function onServers<T>(
  file: string,
  wanted: string | undefined,
  work: (pool: pg.Pool, server: string) => Promise<T>,
): Promise<readonly T[]> {
  endOnInterrupt()
  const logger = openLogger()
  const environment = await loadEnvironment(logger, file)
  const done: T[] = []
  for (const [server, { database }] of jobsOf(environment, wanted)) {
    const { pool, close } = await connectAddress(environment, database, { applicationName: 'almagest', logger })
    try {
      done.push(await work(pool, server))
    } finally {
      await close()
    }
  }
  return done
}

/** @throws UsageError when no server has jobs, or not the one that is wanted */
function jobsOf({ servers, file }: Environment, wanted: string | undefined): readonly (readonly [string, TapJobs])[] {
  const found = [...servers.values()].flatMap(({ name, service }) =>
    service === null || service.jobs === null ? [] : [[name, service.jobs] as const],
  )
  if (found.length === 0) throw new UsageError(`no TAP server of ${file} has jobs (service.jobs)`)
  if (wanted === undefined) return found
  const chosen = found.filter(([name]) => name === wanted)
  if (chosen.length > 0) return chosen
  const names = found.map(([name]) => name)
  const meant = nearMiss(wanted, names)
  const hint = meant === undefined ? `there are ${names.join(', ')}` : `did you mean ${meant}?`
  throw new UsageError(`no TAP server with jobs is called ${JSON.stringify(wanted)}: ${hint}`)
}
