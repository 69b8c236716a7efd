import type pg from 'pg'
import { quote } from '../tap-schema/slots.ts'
import { buildSchemaOf, LIVE_TABLES, NEXT_TABLES } from './build-functions.ts'
import { ObscoreNotReadyError } from './failures.ts'
import { createTriggers } from './install.ts'
import type { ObscoreMapping } from './mapping.ts'
import { disableRebuildTriggers } from './touched.ts'
import { withTableLocks } from './with-table-locks.ts'

/**
 * Puts the new tables into the place of the live ones, in one transaction that first locks the source, then all four tables:
 * readers see all rows of the one or all of the other. Writers write to both until then.
 *
 * @returns how long the locks were held, in milliseconds
 * @throws ObscoreBusyError, ObscoreNotReadyError, DatabaseError, with the live table as it was
 */
export async function exchangeTables(
  pool: pg.Pool,
  mapping: ObscoreMapping,
  identity: string,
  deadlineMs: number,
): Promise<number> {
  const exchanged = [...Object.values(LIVE_TABLES), ...Object.values(NEXT_TABLES)].map((name) => `ivoa.${name}`)
  const operation = 'exchanging the ObsCore tables'
  const held = await withTableLocks(
    pool,
    operation,
    mapping.source,
    { deadlineMs, exchanged },
    async (client, found) => {
      const started = performance.now()
      await refuseDependents(client)
      const { records, rejects } = LIVE_TABLES
      await client.query(`
drop table ivoa.${records}, ivoa.${rejects};
alter table ivoa.${NEXT_TABLES.records} rename to ${records};
alter table ivoa.${NEXT_TABLES.rejects} rename to ${rejects}`)
      if (found.isTable) {
        await createTriggers(client, mapping.source, identity)
        await disableRebuildTriggers(client, mapping.source)
      }
      await client.query(
        `update almagest.obscore_state
          set identity = $1, built_identity = $1, installed_at = clock_timestamp(), built_at = clock_timestamp()`,
        [identity],
      )
      return performance.now() - started
    },
  )
  await dropOtherBuilds(pool, identity)
  return held
}

/** A view of the site's would show the old table for ever. */
async function refuseDependents(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select distinct v.oid::regclass::text as name
       from pg_catalog.pg_depend d
       join pg_catalog.pg_rewrite r on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
       join pg_catalog.pg_class v on v.oid = r.ev_class
      where d.refclassid = 'pg_class'::regclass and d.refobjid = any (array['ivoa.obscore'::regclass, 'ivoa.obscore_reject'::regclass])`,
  )
  if (rows.length === 0) return
  const names = rows.map(({ name }) => name).join(', ')
  throw new ObscoreNotReadyError(
    `views read ivoa.obscore, and would show the old table for ever: ${names}; drop them, rebuild, then make them again; nothing was changed`,
  )
}

/** Functions of former mappings, unless a trigger calls them. */
async function dropOtherBuilds(pool: pg.Pool, identity: string): Promise<void> {
  const { rows } = await pool.query<{ name: string }>(
    `select n.nspname::text as name
       from pg_catalog.pg_namespace n
      where n.nspname ~ '^almagest_obscore_[0-9a-f]{12}$' and n.nspname <> $1
        and not exists (select from pg_catalog.pg_trigger t join pg_catalog.pg_proc p on p.oid = t.tgfoid
                         where p.pronamespace = n.oid)`,
    [buildSchemaOf(identity)],
  )
  for (const { name } of rows) await pool.query(`drop schema ${quote(name)} cascade`)
}
