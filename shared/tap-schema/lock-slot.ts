import type pg from 'pg'
import { TAP_TABLE_NAMES } from './tables.ts'

/** Beginnings of relation names: a table, its view and its postfix belong together. */
const BEGINNINGS: readonly string[] = ['version', ...TAP_TABLE_NAMES]

/** Whatever else is in the schema, such as tables of a server's own, is locked together. */
const OTHER = 'other'

/** What is locked at once. */
const LOCK_UNITS: readonly string[] = [...BEGINNINGS, OTHER]

/** The unit that a relation of a slot belongs to. */
export function unitOf(relation: string): string {
  return BEGINNINGS.find((beginning) => relation.startsWith(beginning)) ?? OTHER
}

/**
 * In which order the tables of a slot are locked.
 *
 * A query locks its tables one after another too. As long as the orders agree, a swap only waits until the queries that
 * came before it are done. If they do not, a query can hold a table that we want while it waits for one that we hold, and
 * the attempt is lost. Each lost attempt shows which table was held. That table is locked first the next time, so that
 * after a few attempts the order is the readers' own.
 */
export class LockOrder {
  #units: readonly string[] = LOCK_UNITS

  get units(): readonly string[] {
    return this.#units
  }

  /** Takes the error of a lost attempt of `lockSlot`; other errors tell nothing. */
  learnFrom(error: unknown): void {
    const held = error instanceof Error && 'detail' in error ? error.detail : undefined
    const unit = this.#units.find((candidate) => candidate === held)
    if (unit !== undefined) this.#units = [unit, ...this.#units.filter((other) => other !== unit)]
  }
}

/**
 * Takes ACCESS EXCLUSIVE on the tables and views of a slot, so that no query can see one table of the old release and
 * another of the new one. From its first lock on, readers wait behind it for `waitMs` milliseconds at most.
 *
 * @throws the server's 55P03 with the unit that was held as its detail
 */
export async function lockSlot(client: pg.ClientBase, schema: string, { units, waitMs }: LockWishes): Promise<void> {
  await client.query(
    `select set_config('almagest.schema', $1, true), set_config('almagest.units', $2, true),
            set_config('almagest.wait', $3, true)`,
    [schema, units.join(','), String(Math.max(1, Math.round(waitMs)))],
  )
  await client.query(TAKE_LOCKS)
}

export interface LockWishes {
  /** In their order. */
  readonly units: readonly string[]
  readonly waitMs: number
}

/** Names of a slot's tables and views, ready for a statement; a view before its table, as in a query that reads it. */
const NAMES = `string_agg(format('%I.%I', n.nspname, c.relname), ', ' order by c.relkind = 'v' desc, c.relname)`

/** `unitOf`, for a relation `c`. */
const UNIT = `coalesce((select b from unnest(array['${BEGINNINGS.join("', '")}']) as b where starts_with(c.relname, b)), '${OTHER}')`

// One statement for all, because every round trip between the first lock and the commit holds readers up.
const TAKE_LOCKS = `
do $$
declare
  units text[] := string_to_array(current_setting('almagest.units'), ',');
  give_up_at timestamptz := clock_timestamp() + current_setting('almagest.wait')::int * interval '1 ms';
  unit text;
  names text;
begin
  foreach unit in array units loop
    select ${NAMES} into names
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = current_setting('almagest.schema') and c.relkind in ('r', 'p', 'v')
       and unit = ${UNIT};
    continue when names is null;
    perform set_config('lock_timeout', greatest(1, extract(epoch from give_up_at - clock_timestamp()) * 1000)::int::text, true);
    begin
      execute format('lock table %s in access exclusive mode', names);
    exception when lock_not_available then
      raise exception 'sessions hold locks on %', names using errcode = 'lock_not_available', detail = unit;
    end;
  end loop;
end $$`

/** The names of each unit's view and table in a slot, ready for a statement. */
export async function readUnitNames(client: pg.ClientBase, schema: string): Promise<ReadonlyMap<string, string>> {
  const found = await client.query<{ unit: string; names: string }>(
    `select ${UNIT} as unit, ${NAMES} as names
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relkind in ('r', 'p', 'v')
      group by unit`,
    [schema],
  )
  return new Map(found.rows.map(({ unit, names }) => [unit, names]))
}
