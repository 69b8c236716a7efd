import type pg from 'pg'
import { qualified } from './ddl.ts'
import { findDependents } from './dependents.ts'
import { DependentObjectsError, sqlStateOf } from './slot-failures.ts'
import { quote } from './slots.ts'
import { TAP_TABLE_NAMES } from './tables.ts'

/**
 * Frees the name of a slot. What Almagest or Repertoire made (also half-made) is dropped, always without CASCADE. A
 * schema that holds anything else is somebody's work under our name: it is renamed and left whole.
 *
 * @returns the name under which the schema was set aside, or null
 * @throws DependentObjectsError when something outside depends on it
 */
export async function removeSlot(client: pg.PoolClient, schema: string): Promise<string | null> {
  const contents = await readContents(client, schema)
  if (contents === null) return null
  if (!isSlot(contents)) return setAside(client, schema)
  const dependents = await findDependents(client, [schema])
  if (dependents.length > 0) throw new DependentObjectsError(`dropping ${schema}`, dependents)
  try {
    await client.query(dropStatements(schema, contents.relations))
    return null
  } catch (error) {
    // Made since we looked, or of a kind that we do not look for: RESTRICT has the last word.
    if (sqlStateOf(error) !== '2BP01') throw error
    const detail = error instanceof Error && 'detail' in error ? String(error.detail) : String(error)
    throw new DependentObjectsError(`dropping ${schema}`, detail.split('\n'))
  }
}

interface Relation {
  readonly name: string
  readonly kind: 'table' | 'view' | 'other'
}

interface Contents {
  readonly relations: readonly Relation[]
  /** Functions, domains, enumerations: nothing of the kind is ever in a slot. */
  readonly otherObjects: number
}

async function readContents(client: pg.PoolClient, schema: string): Promise<Contents | null> {
  const namespace = await client.query<{ oid: number; others: number }>(
    `select n.oid,
            (select count(*) from pg_proc where pronamespace = n.oid)::int
            + (select count(*) from pg_type where typnamespace = n.oid and typrelid = 0 and typelem = 0)::int as others
       from pg_namespace n where n.nspname = $1`,
    [schema],
  )
  const [found] = namespace.rows
  if (found === undefined) return null
  const relations = await client.query<Relation>(
    `select relname as name, case relkind when 'r' then 'table' when 'v' then 'view' else 'other' end as kind
       from pg_class where relnamespace = $1 and relkind not in ('i', 'I', 't')`,
    [found.oid],
  )
  return { relations: relations.rows, otherObjects: found.others }
}

/** Whether all there is bears the names that a slot has, with one postfix for the five tables. */
function isSlot({ relations, otherObjects }: Contents): boolean {
  if (otherObjects > 0) return false
  const postfixes = new Set<string>()
  for (const { name, kind } of relations) {
    if (kind === 'other') return false
    if (name === 'version' || name === 'versions') continue
    const table = TAP_TABLE_NAMES.find((candidate) => new RegExp(`^${candidate}[0-9A-Za-z_]*$`).test(name))
    if (table === undefined) return false
    // Beside tables with a postfix, the bare name is a view; a table of that name is a slot's own, without postfix.
    if (name !== table || kind === 'table') postfixes.add(name.slice(table.length))
  }
  return postfixes.size <= 1
}

function dropStatements(schema: string, relations: readonly Relation[]): string {
  const drop = (kind: 'view' | 'table') => {
    const names = relations.filter((relation) => relation.kind === kind).map(({ name }) => qualified(schema, name))
    return names.length === 0 ? '' : `drop ${kind} ${names.join(', ')} restrict;`
  }
  return `${drop('view')} ${drop('table')} drop schema ${quote(schema)} restrict`
}

async function setAside(client: pg.PoolClient, schema: string): Promise<string> {
  const found = await client.query<{ name: string }>(
    `select format('%s_aside_%s', $1::text, to_char(clock_timestamp() at time zone 'UTC', 'YYYYMMDD"T"HH24MISSUS')) as name`,
    [schema],
  )
  const name = found.rows[0]?.name ?? `${schema}_aside`
  await client.query(`alter schema ${quote(schema)} rename to ${quote(name)}`)
  return name
}
