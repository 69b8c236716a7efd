import type pg from 'pg'
import { unitOf } from './lock-slot.ts'

/** What one session holds and waits for in a slot. */
export interface SessionLocks {
  readonly pid: number
  /** Units that it has a lock on. */
  readonly held: ReadonlySet<string>
  /** The unit that it has to wait for; null: it need not wait. */
  readonly wanted: string | null
}

/** What the sessions of this database hold and want in a schema, those of `client` left out. */
export async function readSessionLocks(client: pg.ClientBase, schema: string): Promise<SessionLocks[]> {
  const found = await client.query<{ pid: number; name: string; granted: boolean }>(SESSION_LOCKS, [schema])
  const sessions = new Map<number, { held: Set<string>; wanted: string | null }>()
  for (const { pid, name, granted } of found.rows) {
    const session = sessions.get(pid) ?? { held: new Set<string>(), wanted: null }
    sessions.set(pid, session)
    if (granted) session.held.add(unitOf(name))
    else session.wanted = unitOf(name)
  }
  return [...sessions].map(([pid, { held, wanted }]) => ({ pid, held, wanted }))
}

const SESSION_LOCKS = `
select l.pid, c.relname::text as name, l.granted
  from pg_locks l
  join pg_class c on c.oid = l.relation
 where l.locktype = 'relation' and c.relkind in ('r', 'p', 'v') and l.pid <> pg_backend_pid()
   and l.database = (select d.oid from pg_database d where d.datname = current_database())
   and c.relnamespace = (select n.oid from pg_namespace n where n.nspname::text = $1)`

/** Which tables the transactions of readers use, and with which they begin. */
export class ReaderHabits {
  readonly #begins = new Map<string, number>()
  readonly #used = new Set<string>()
  /** The only table that a session was seen with last. */
  readonly #first = new Map<number, string>()

  /** Looks again and again for a while, at what nobody is held up by. */
  async watch(client: pg.ClientBase, schema: string, milliseconds: number): Promise<void> {
    const until = performance.now() + milliseconds
    do {
      this.#note(await readSessionLocks(client, schema))
      await new Promise((done) => setTimeout(done, LOOK_EVERY_MS))
    } while (performance.now() < until)
  }

  /**
   * A transaction that is seen with one table and then with more has begun with it; who reads one table only is in
   * nobody's way for long.
   */
  #note(sessions: readonly SessionLocks[]): void {
    const holding = new Set(sessions.map(({ pid }) => pid))
    for (const pid of this.#first.keys()) if (!holding.has(pid)) this.#first.delete(pid)
    for (const { pid, held } of sessions) {
      for (const unit of held) this.#used.add(unit)
      const first = this.#first.get(pid)
      const [only, ...more] = held
      if (only !== undefined && more.length === 0) this.#first.set(pid, only)
      else this.#first.delete(pid)
      if (first !== undefined && more.length > 0 && held.has(first)) {
        this.#begins.set(first, (this.#begins.get(first) ?? 0) + 1)
      }
    }
  }

  /** Where transactions begin, the most frequent first; what was seen once in a while is left out. */
  get beginnings(): readonly string[] {
    const sorted = [...this.#begins].sort(([, a], [, b]) => b - a)
    const all = sorted.reduce((sum, [, count]) => sum + count, 0)
    return sorted.filter(([, count]) => count * 20 >= all).map(([unit]) => unit)
  }

  get used(): readonly string[] {
    return [...this.#used]
  }

  /** What is used and not begun with; when nothing is like that, all that is used. */
  get passages(): readonly string[] {
    const between = this.used.filter((unit) => !this.#begins.has(unit))
    return between.length > 0 ? between : this.used
  }
}

export const LOOK_EVERY_MS = 4
