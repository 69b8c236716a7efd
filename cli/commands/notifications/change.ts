import {
  createNotification,
  listAllNotifications,
  type Notification,
  removeNotification,
} from '../../../shared/uws/notify.ts'
import { FAILED } from '../../terminal/exit-codes.ts'
import { type OutputOptions, writeResult } from '../../terminal/output.ts'
import { formatTable, terminalWidth } from '../../terminal/table.ts'
import { onJobDatabases } from '../server/job-databases.ts'

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
  const found = await onJobDatabases(file, flags.server, async (pool, server) =>
    (await listAllNotifications(pool, server)).map((notification) => ({ server, ...notification })),
  )
  show(found.flat(), flags)
}

/** `notifications create`. */
export async function create(file: string, message: string, flags: CreateFlags): Promise<void> {
  const { user = null, kind, days } = flags
  const about = { recipient: user, kind, message, seconds: days * SECONDS_PER_DAY }
  const made = await onJobDatabases(file, flags.server, async (pool, server) => ({
    server,
    ...(await createNotification(pool, { server, ...about })),
  }))
  show(made, flags)
}

/** `notifications remove`. Ends with 1 where there is none. */
export async function remove(file: string, id: string, flags: ServerFlags): Promise<void> {
  const removed = await onJobDatabases(file, flags.server, async (pool, server) =>
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
