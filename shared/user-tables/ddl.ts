import pg from 'pg'
import { createGroupRoles } from '../group-roles.ts'
import { TABLE_LOST } from '../query/user-tables.ts'
import { initialiseJobs } from '../uws/roles.ts'

/** Owns the tables of users, and nothing else: `tap`, `run-query` and `watch-queries` may become it. */
export const USER_TABLES_ROLE = 'almagest_user_tables'

/** Where the rows lie. Tables there are called t1, t2 …: no name of a user's is ever one of the database. */
export const DATA_SCHEMA = 'user_data'

/** The setting of a transaction that says which tables it may read: their ids with commas between. */
export const READABLE_SETTING = 'almagest.readable_tables'

/**
 * Of a row of `user_tables.item`: whether the user $2 of the server $1, who is in the groups $3 and in those of users, may read it, or also load
 * rows into it.
 */
export function isReadable(mode: 'read' | 'write'): string {
  return `server = $1 and (owner = $2 or id in (
  select share.item::bigint from uws.share
   where share.server = $1 and share.item_type = 'table'${mode === 'write' ? " and share.mode = 'write'" : ''}
     and (grantee_type = 'user' and grantee = $2 or grantee_type = 'group' and grantee = any ((select uws.groups_of($1, $2, $3))::text[]))
     and (expires_at is null or expires_at > clock_timestamp())))`
}

/**
 * Makes what tables of users need, or adds what an earlier version did not have, and lets `users` work with it. In one
 * transaction of the caller's; it can be done again.
 *
 * @throws what `initialiseJobs` throws, and what PostgreSQL says
 */
export async function initialiseUserTables(client: pg.ClientBase, users: readonly string[]): Promise<void> {
  // Shares and events are kept beside those of jobs.
  await initialiseJobs(client, users)
  await client.query(createGroupRoles(USER_TABLES_ROLE))
  await client.query(DDL)
  for (const user of users) await client.query(`grant ${USER_TABLES_ROLE} to ${pg.escapeIdentifier(user)}`)
}

/**
 * `columns` holds an array of objects with what FIELD says of each and `sqlType`, the type of its column c1, c2 ….
 * `used_at` is when a query has read the table, `warned_at` when its owner was notified that nobody does.
 * `user_tables.let_read` is called in a transaction of a query, as its role, which sees nothing of these tables itself.
 * `user_tables.reader` has the groups that a user was in when he last created a job, which runs when he is away.
 */
const DDL = `
create schema if not exists user_tables;
create table if not exists user_tables.item (
  id bigint generated always as identity primary key,
  server text not null,
  owner text not null,
  name text not null,
  description text,
  utype text,
  columns jsonb not null,
  row_count bigint not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  changed_at timestamptz not null default clock_timestamp(),
  unique (server, owner, name)
);
alter table user_tables.item
  add column if not exists used_at timestamptz not null default clock_timestamp(),
  add column if not exists warned_at timestamptz;
create table if not exists user_tables.reader (
  server text not null,
  username text not null,
  groups text[] not null,
  primary key (server, username)
);
create table if not exists user_tables.update (
  id text primary key,
  server text not null,
  owner text not null,
  table_name text not null,
  column_name text not null,
  is_unique boolean not null,
  phase text not null default 'PENDING',
  error text,
  created_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz
);
create or replace function user_tables.usage(of_server text, of_owner text)
  returns table (tables bigint, table_bytes bigint) language sql volatile as $$
  select count(*), coalesce(sum(pg_total_relation_size(to_regclass('${DATA_SCHEMA}.t' || id))), 0)::bigint
    from user_tables.item
   where server = of_server and owner = of_owner
$$;
create or replace function user_tables.is_readable(id bigint) returns boolean language sql stable parallel safe as $$
  select id::text = any (string_to_array(current_setting('${READABLE_SETTING}', true), ','))
$$;
create or replace function user_tables.let_read(of_server text, reader text, groups text[], ids bigint[])
  returns setof boolean language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if (select count(*) from user_tables.item where id = any (ids) and ${isReadable('read')}) < cardinality(ids) then
    raise exception using errcode = '${TABLE_LOST}', message = 'a table is gone, or may not be read any more';
  end if;
  perform set_config('${READABLE_SETTING}', array_to_string(ids, ','), true);
end $$;
create schema if not exists ${DATA_SCHEMA};
grant usage on schema user_tables to ${USER_TABLES_ROLE};
grant select, insert, update, delete on user_tables.item, user_tables.reader, user_tables.update to ${USER_TABLES_ROLE};
grant usage, create on schema ${DATA_SCHEMA} to ${USER_TABLES_ROLE};
grant usage on schema ${DATA_SCHEMA}, user_tables to ${USER_TABLES_ROLE} with grant option;
grant almagest_jobs to ${USER_TABLES_ROLE};
do $do$
begin
  execute format('grant temporary on database %I to ${USER_TABLES_ROLE}', current_database());
end $do$`
