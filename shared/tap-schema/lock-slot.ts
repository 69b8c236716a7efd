import type pg from 'pg'
import { TAP_TABLE_NAMES } from './tables.ts'

/**
 * In which order the tables of a slot are locked.
 *
 * A query locks its tables one after another too. As long as the orders agree, a swap only waits until the queries that
 * came before it are done. If they do not, a query can hold a table that we want while it waits for one that we hold, and
 * the attempt is lost. Each lost attempt tells which table was held; it goes to the front, so that after a few attempts
 * the order is the readers' own, whatever that is.
 */
export class LockOrder {
  /** Beginnings of relation names: a table, its view and its postfix belong together. */
  #units: readonly string[] = ['version', ...TAP_TABLE_NAMES]

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
 * Takes ACCESS EXCLUSIVE on every table and view of a slot, so that no query can see one table of the old release and
 * another of the new one.
 *
 * @throws the server's 55P03 with the unit that was held as its detail
 */
export async function lockSlot(client: pg.PoolClient, schema: string, order: LockOrder): Promise<void> {
  await client.query("select set_config('almagest.schema', $1, true), set_config('almagest.units', $2, true)", [
    schema,
    order.units.join(','),
  ])
  await client.query(LOCK_UNITS)
}

// One statement for all, because every round trip between the first lock and the commit holds readers up. A view comes
// before its table, as in a query that reads the view; what is no part of a slot comes last.
const LOCK_UNITS = `
do $$
declare
  units text[] := string_to_array(current_setting('almagest.units'), ',');
  unit text;
  names text;
begin
  foreach unit in array units || array['other'] loop
    select string_agg(format('%I.%I', n.nspname, c.relname), ', ' order by c.relkind = 'v' desc, c.relname) into names
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = current_setting('almagest.schema') and c.relkind in ('r', 'p', 'v')
       and unit = coalesce((select u from unnest(units) as u where starts_with(c.relname, u)), 'other');
    continue when names is null;
    begin
      execute format('lock table %s in access exclusive mode', names);
    exception when lock_not_available then
      raise exception 'sessions hold locks on %', names using errcode = 'lock_not_available', detail = unit;
    end;
  end loop;
end $$`
