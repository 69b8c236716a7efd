import type pg from 'pg'
import { Failure, messageOf } from '../failure.ts'
import { createGroupRoles } from '../group-roles.ts'
import { grantReaders } from './ddl.ts'
import { HISTORY_DDL } from './history.ts'
import { MissingRoleError, sqlStateOf } from './slot-failures.ts'
import { OWNER_ROLE, quote, SLOT_NAMES, SLOT_OWNER, SLOT_SCHEMA, STAGER_ROLE } from './slots.ts'
import { inTransaction, setLockTimeout, throwBusy } from './transaction.ts'

export interface InitialiseOptions {
  /** Logins that may stage: the loader of servers that never swap by themselves. */
  readonly stagers?: readonly string[]
  /** Logins that may stage, swap and roll back. */
  readonly operators?: readonly string[]
  /** Roles that may read the slots that exist already; later ones get their grants when they are staged. */
  readonly readers?: readonly string[]
  /** What else the database is to have, in the same transaction. */
  readonly prepareMore?: (client: pg.PoolClient) => Promise<void>
  /** How long readers of an existing slot may queue behind what hands it over, in milliseconds; default 10 s. */
  readonly lockTimeoutMs?: number
}

/**
 * Prepares a TAP server's database: roles, history and grants (DESIGN §4). Run by a login that may create roles; it can
 * be run again at any time, by the same login. Slots that another tool made before are handed over to Almagest's roles; who
 * owned what users query can read it as before.
 *
 * @returns who owned it
 * @throws MissingRoleError when the login may not do that; when only a slot or the database is another login's, all the
 *   rest is done; BusyError when readers hold a slot that is to be handed over; DatabaseError
 */
export async function initialiseDatabase(pool: pg.Pool, options: InitialiseOptions = {}): Promise<readonly string[]> {
  const operation = 'preparing the database'
  const started = performance.now()
  const prepare = async (client: pg.PoolClient) => {
    await setLockTimeout(client, options.lockTimeoutMs ?? LOCK_TIMEOUT_MS)
    await prepareRoles(client, options)
    await options.prepareMore?.(client)
    const foreign = await findForeignSlot(client)
    const formerOwners = foreign === null ? await prepareSlots(client, options) : []
    return { foreign, formerOwners, lacking: await findLackingGrant(client) }
  }
  const { foreign, formerOwners, lacking } = await inTransaction(pool, operation, (client) =>
    prepare(client).catch((error: unknown) => throwBusy(operation, started, error)),
  ).catch(async (error: unknown) => {
    throw await explain(pool, error)
  })
  if (foreign !== null) throw refuseHandOver(foreign)
  if (lacking !== null) throw new MissingRoleError(lacking)
  return formerOwners
}

const LOCK_TIMEOUT_MS = 10_000

async function prepareRoles(client: pg.PoolClient, { stagers = [], operators = [] }: InitialiseOptions): Promise<void> {
  await client.query(createGroupRoles(STAGER_ROLE, OWNER_ROLE))
  await client.query(`grant ${STAGER_ROLE}, ${OWNER_ROLE} to current_user`)
  const found = await client.query<{ name: string }>('select current_database() as name')
  const database = quote(found.rows[0]?.name ?? '')
  await client.query(`grant create, connect on database ${database} to ${STAGER_ROLE}, ${OWNER_ROLE}`)
  await client.query(HISTORY_DDL)
  for (const login of stagers) await client.query(`grant ${STAGER_ROLE} to ${quote(login)}`)
  for (const login of operators) await client.query(`grant ${STAGER_ROLE}, ${OWNER_ROLE} to ${quote(login)}`)
}

async function prepareSlots(client: pg.PoolClient, { readers = [] }: InitialiseOptions): Promise<readonly string[]> {
  const owners = await findOwners(client)
  for (const slot of SLOT_NAMES) await handOver(client, SLOT_SCHEMA[slot], SLOT_OWNER[slot])
  for (const { schema, owner } of owners) await client.query(grantReaders(schema, [owner]))
  for (const reader of readers) await grantExistingSlots(client, reader)
  return [...new Set(owners.map(({ owner }) => owner))]
}

/** A TAP service can be the very login that made its `tap_schema`; an administrator or an operator is not one. */
async function findOwners(client: pg.PoolClient): Promise<readonly { schema: string; owner: string }[]> {
  const { rows } = await client.query<{ schema: string; owner: string }>(
    `select distinct n.nspname as schema, r.rolname as owner
       from pg_namespace n
      cross join lateral (select n.nspowner union select relowner from pg_class where relnamespace = n.oid) as part(owner)
       join pg_roles r on r.oid = part.owner
      where n.nspname = any ($1) and r.rolcanlogin and not r.rolcreaterole and not pg_has_role(r.oid, $2::name, 'usage')
      order by 2, 1`,
    [[SLOT_SCHEMA.live, SLOT_SCHEMA.previous], OWNER_ROLE],
  )
  return rows
}

/** PostgreSQL only warns of a grant that the login may not make: the database can be another's. */
async function findLackingGrant(client: pg.PoolClient): Promise<string | null> {
  const roles = [STAGER_ROLE, OWNER_ROLE]
  const { rows } = await client.query<{ database: string; owner: string; login: string }>(
    `select datname as database, pg_get_userbyid(datdba) as owner, current_user as login
       from pg_database, unnest($1::text[]) as role, unnest(array['create', 'connect']) as privilege
      where datname = current_database() and not has_database_privilege(role, oid, privilege)`,
    [roles],
  )
  const [row] = rows
  if (row === undefined) return null
  const { database, owner, login } = row
  const advice = `let ${owner} run \`grant create, connect on database ${quote(database)} to ${roles.join(', ')}\``
  return `roles and history are prepared, but ${database} belongs to ${owner}, and ${login} cannot let them create the slots in it: ${advice}`
}

interface ForeignSlot {
  readonly schema: string
  readonly owner: string
  readonly login: string
}

/**
 * A slot that this login cannot hand over, because it or a part of it belongs to a login that it cannot act as; or one
 * that it must not, because a login that may only stage has made it in the place of the owner's.
 */
async function findForeignSlot(client: pg.PoolClient): Promise<ForeignSlot | null> {
  const { rows } = await client.query<ForeignSlot>(
    `select n.nspname as schema, pg_get_userbyid(part.owner) as owner, current_user as login
       from pg_namespace n
      cross join lateral (select n.nspowner
                          union select c.relowner from pg_class c
                                 where c.relnamespace = n.oid and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')) as part(owner)
      where n.nspname = any($1)
        and (not pg_has_role(part.owner, 'usage') or (n.nspname <> $2 and pg_get_userbyid(part.owner) = $3))
      order by 1, 2 limit 1`,
    [Object.values(SLOT_SCHEMA), SLOT_SCHEMA.staging, STAGER_ROLE],
  )
  return rows[0] ?? null
}

function refuseHandOver({ schema, owner, login }: ForeignSlot): MissingRoleError {
  const slot = SLOT_NAMES.find((name) => SLOT_SCHEMA[name] === schema) ?? 'live'
  const found = `roles and history are prepared, but ${schema} or a part of it belongs to ${owner}`
  const statements = `"alter schema ${schema} owner to ${SLOT_OWNER[slot]}" and the same for its tables and views, then run init again`
  return new MissingRoleError(
    owner === STAGER_ROLE
      ? `${found}, so that no swap has put it there: drop it, or look at it and run ${statements}`
      : `${found}, and ${login} cannot hand it over: let ${owner}, as one of the operators, run ${statements}`,
  )
}

/** Says what is missing for `init`, where that is why its transaction failed. */
async function explain(pool: pg.Pool, failure: unknown): Promise<unknown> {
  const error = failure instanceof Failure ? failure.cause : undefined
  const said = messageOf(error)
  switch (sqlStateOf(error)) {
    case '42501': {
      const message = `preparing the database is not allowed for this login: ${said} (${await findAdvice(pool)})`
      return new MissingRoleError(message, error)
    }
    case '42704': {
      const advice = 'make it first; in Cloud SQL, people and service accounts are added to the instance as its users'
      return new MissingRoleError(`preparing the database failed: ${said} (${advice})`, error)
    }
    default:
      return failure
  }
}

/** Only who made the roles and the history may change them: somebody else must know who that is. */
async function findAdvice(pool: pg.Pool): Promise<string> {
  const { rows } = await pool.query<{ name: string }>(PREPARED_BY).catch(() => ({ rows: [] }))
  const names = rows.map(({ name }) => name).join(', ')
  return names === ''
    ? 'init needs a login that may create roles and owns the database'
    : `run init as ${names}, as before`
}

const PREPARED_BY = `
select distinct rolname as name from pg_roles
 where rolname <> current_user
   and (oid in (select nspowner from pg_namespace where nspname = 'almagest')
        or oid in (select m.member from pg_auth_members m join pg_roles r on r.oid = m.roleid
                    where r.rolname = '${STAGER_ROLE}' and m.admin_option))
 order by 1`

async function grantExistingSlots(client: pg.PoolClient, reader: string): Promise<void> {
  const present = await client.query<{ nspname: string }>('select nspname from pg_namespace where nspname = any($1)', [
    Object.values(SLOT_SCHEMA),
  ])
  for (const { nspname } of present.rows) await client.query(grantReaders(nspname, [reader]))
}

/**
 * Makes `owner` the owner of a schema and of every relation in it that is not its yet. A schema that does not exist is
 * ignored. The caller must own them, or be a superuser.
 */
export async function handOver(client: pg.PoolClient, schema: string, owner: string): Promise<void> {
  await client.query('select set_config($1, $2, true), set_config($3, $4, true)', [
    'almagest.schema',
    schema,
    'almagest.owner',
    owner,
  ])
  await client.query(HAND_OVER)
}

// Indexes and row types follow their table; only what has an owner of its own is listed. The schema comes first, because
// the new owner of a table must be allowed to create in its schema.
const HAND_OVER = `
do $$
declare
  slot text := current_setting('almagest.schema');
  owner text := current_setting('almagest.owner');
  item record;
begin
  if exists (select from pg_namespace n join pg_roles r on r.oid = n.nspowner where n.nspname = slot and r.rolname <> owner) then
    execute format('alter schema %I owner to %I', slot, owner);
  end if;
  for item in
    select c.oid::regclass as name,
           case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table'
                          when 'S' then 'sequence' else 'table' end as kind
      from pg_class c
     where c.relnamespace = (select oid from pg_namespace where nspname = slot)
       and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
       and c.relowner <> (select oid from pg_roles where rolname = owner)
       and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid
                         and d.deptype in ('a', 'i') and d.refclassid = 'pg_class'::regclass)
  loop
    execute format('alter %s %s owner to %I', item.kind, item.name, owner);
  end loop;
end $$`
