import { inOrder } from './in-order.ts'
import type { TapSchema } from './tap-schemas.ts'
import { type ServerState, WatchedServer } from './watched-server.ts'

export interface WatchOptions {
  /** The TAP servers, in the order in which they are shown. */
  readonly servers: readonly string[]
  /** Asks a server's database for its live slot; null: the slot is empty. It always ends at some time. */
  readonly read: (server: string) => Promise<TapSchema | null>
  /** How long an answer counts as current. */
  readonly lifetimeMs: number
  /** How long a caller waits for the databases at most. */
  readonly deadlineMs: number
  /** Told when a database stops answering in time, for each reason once, and when it answers again (`error` undefined). */
  readonly onChange: (server: string, error: unknown) => void
  /** Milliseconds on a clock that goes on while the process is frozen. */
  readonly now?: () => number
}

export interface TapSchemasSnapshot {
  /** By server. A database that was never reached, or has nothing live, is left out. */
  readonly schemas: Readonly<Record<string, TapSchema>>
  readonly states: Readonly<Record<string, ServerState>>
}

export interface TapSchemasWatch {
  /**
   * What is live, not older than the lifetime unless marked stale. All databases are asked at once, with one request in
   * flight for each. Only a database that answered in time last time is waited for. As long as nothing changes, the very
   * same object is answered, and without a promise while nothing has to be asked.
   */
  current(): TapSchemasSnapshot | Promise<TapSchemasSnapshot>
  /** What is known, without asking. */
  known(): TapSchemasSnapshot
}

export function watchTapSchemas(options: WatchOptions): TapSchemasWatch {
  const { now = Date.now, lifetimeMs, deadlineMs } = options
  const watched = options.servers.map(
    (server) =>
      new WatchedServer({
        read: () => options.read(server),
        lifetimeMs,
        deadlineMs,
        onChange: (error) => options.onChange(server, error),
        now,
      }),
  )
  let snapshot = takeSnapshot(options.servers, watched)
  const known = () => {
    const latest = takeSnapshot(options.servers, watched)
    if (JSON.stringify(latest) !== JSON.stringify(snapshot)) snapshot = latest
    return snapshot
  }
  const refresh = async () => {
    const awaited = watched.flatMap((server) => server.refresh() ?? [])
    if (awaited.length > 0 && !(await settlesWithin(awaited, deadlineMs))) {
      for (const server of watched) server.giveUp()
    }
    return known()
  }
  const current = () => (watched.every((server) => server.isSettled()) ? snapshot : refresh())
  return { current, known }
}

async function settlesWithin(work: readonly Promise<void>[], milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const expired = new Promise<false>((late) => {
    timer = setTimeout(() => late(false), milliseconds)
  })
  const settled = await Promise.race([Promise.all(work).then(() => true), expired])
  clearTimeout(timer)
  return settled
}

function takeSnapshot(names: readonly string[], watched: readonly WatchedServer[]): TapSchemasSnapshot {
  const named = watched.map((server, index) => [names[index] ?? '', server.describe()] as const)
  const schemas = named.flatMap(([name, { schema }]) => (schema === null ? [] : [[name, schema] as const]))
  return {
    schemas: inOrder(schemas),
    states: inOrder(named.map(([name, { state }]) => [name, state] as const)),
  }
}
