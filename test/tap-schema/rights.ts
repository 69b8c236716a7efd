/**
 * What each login may do inside of PostgreSQL: documentation (terraform/README.md has the table) and test
 * (role-matrix.test.ts tries every statement as every login).
 */

/** The users of the functions, as the init job is given them, and two kinds of logins that it does not know. */
export const LOGINS = {
  loader: '`load-release`',
  operator: '`swap-schema`; `load-release` with `loader_may_swap`',
  reader: '`discovery`, `readers` of the environment file',
  collector: '`collect-results`',
  publisher: '`registry`',
  querier: '`tap`, `run-query`',
  watcher: '`watch-queries`',
  query: 'queries of users (`service.query.role`)',
  stranger: 'any other login',
} as const

export type Login = keyof typeof LOGINS

export const EVERYBODY = Object.keys(LOGINS) as readonly Login[]

export interface Right {
  readonly right: string
  readonly who: readonly Login[]
  /**
   * Each of them alone makes use of the right. `:me` is the login itself, `:other` another one, `:administrator` who ran
   * init, `:query` the role of users' queries, `:database` the database, `:session` the process of another login's session.
   */
  readonly statements: readonly string[]
}

const STAGERS: readonly Login[] = ['loader', 'operator']
const WORKERS: readonly Login[] = ['querier', 'watcher']

export const RIGHTS: readonly Right[] = [
  {
    right: 'read the live and the previous slot',
    who: ['operator', 'reader', 'publisher', 'querier', 'query'],
    statements: [...readingsOf('tap_schema'), ...readingsOf('tap_schema_previous')],
  },
  {
    right: 'read the staging slot',
    who: ['loader', 'operator', 'reader', 'publisher', 'querier', 'query'],
    statements: readingsOf('tap_schema_staging'),
  },
  {
    right: 'change the staging slot',
    who: STAGERS,
    statements: [
      ...changesOf('tap_schema_staging'),
      'alter schema tap_schema_staging rename to gone',
      'lock table tap_schema_staging.tables11 in access exclusive mode',
    ],
  },
  {
    right: 'create schemas',
    who: STAGERS,
    statements: ['create schema mine', 'create schema mine authorization :me', 'create schema tap_schema_mine'],
  },
  {
    right: 'change the live and the previous slot',
    who: ['operator'],
    statements: [
      ...changesOf('tap_schema'),
      ...changesOf('tap_schema_previous'),
      'alter schema tap_schema rename to gone',
      'create table tap_schema_staging.mine (key_id varchar references tap_schema.keys11)',
      'create view tap_schema_staging.mine as select * from tap_schema.tables11',
      'create table tap_schema_staging.mine () inherits (tap_schema.tables11)',
      'alter schema tap_schema_previous rename to gone',
      'alter schema tap_schema_staging owner to almagest_owner',
      'lock table tap_schema.tables11 in access exclusive mode',
      'lock table tap_schema.tables11 in share mode',
      'lock table tap_schema_previous.columns11 in row exclusive mode',
      'select * from tap_schema.tables11 for update',
      'set role almagest_owner',
      'alter default privileges for role almagest_owner grant insert on tables to public',
    ],
  },
  {
    right: 'read the history',
    who: STAGERS,
    statements: ['select * from almagest.history', 'copy almagest.history (version) to stdout'],
  },
  {
    right: 'add to the history, as itself and at this moment',
    who: STAGERS,
    statements: [
      `insert into almagest.history (action, version, actor, duration_ms) values ('rejected', 'r9', 'a person', 1)`,
    ],
  },
  {
    right: 'add to the history in the name of another login, or at another time',
    who: [],
    statements: [
      `insert into almagest.history (action, version, actor, duration_ms, login) values ('swapped', 'r9', 'a', 1, ':other')`,
      `insert into almagest.history (action, version, actor, duration_ms, at) values ('swapped', 'r9', 'a', 1, '2020-01-01')`,
      `insert into almagest.history (id, action, version, actor, duration_ms) overriding system value values (9999, 'swapped', 'r9', 'a', 1)`,
    ],
  },
  {
    right: 'change or remove the history',
    who: [],
    statements: [
      "update almagest.history set actor = 'somebody else'",
      "update almagest.history set problems = '[]' where id = 1",
      'delete from almagest.history',
      `merge into almagest.history h using (values (1)) as t (id) on h.id = t.id when matched then delete`,
      `insert into almagest.history (action, version, actor, duration_ms) values ('swapped', 'r', 'a', 1) on conflict (id) do update set actor = 'a'`,
      'truncate almagest.history',
      'select * from almagest.history for update',
      'lock table almagest.history in access exclusive mode',
      'drop table almagest.history',
      'alter table almagest.history drop constraint history_action_check',
      'alter table almagest.history alter column login drop default',
      'alter table almagest.history rename to gone',
      'alter table almagest.history disable trigger all',
      'alter table almagest.history owner to :me',
      "comment on table almagest.history is ''",
      'create index on almagest.history (actor)',
      'create rule quiet as on insert to almagest.history do instead nothing',
      'create policy mine on almagest.history using (true)',
      'create trigger t before insert on almagest.history execute function suppress_redundant_updates_trigger()',
      'alter table almagest.history enable row level security',
      'grant delete on almagest.history to :me',
      'drop schema almagest cascade',
      'alter schema almagest rename to gone',
      'alter schema almagest owner to :me',
      'create table almagest.mine ()',
      'create view almagest.mine as select 1',
      'create table public.mine (id bigint references almagest.history)',
      "select setval('almagest.history_id_seq', 1)",
      "select nextval('almagest.history_id_seq')",
    ],
  },
  {
    right: 'read, change and forget the records of the registry',
    who: ['publisher'],
    statements: [
      'select * from almagest.registry_record, almagest.registry_state',
      "insert into almagest.registry_record values ('ivo://a/b', 'ivo://a/b', 'tap', 'x', now(), now(), false, 'x', 'x')",
      'update almagest.registry_record set updated = now()',
      'delete from almagest.registry_record',
      "insert into almagest.registry_state values (true, 'x', now(), '{}')",
      "update almagest.registry_state set environment = 'x'",
    ],
  },
  {
    right: 'change the tables of these records',
    who: [],
    statements: [
      'truncate almagest.registry_record',
      'drop table almagest.registry_record',
      'alter table almagest.registry_record add column mine int',
      'alter table almagest.registry_record enable row level security',
      'alter table almagest.registry_record owner to :me',
      'create index on almagest.registry_record (kind)',
      'create trigger t before insert on almagest.registry_record execute function suppress_redundant_updates_trigger()',
      'grant delete on almagest.registry_record to :other',
      'create table public.mine (ivoid text references almagest.registry_record)',
      'delete from almagest.registry_state',
      'drop table almagest.registry_state',
      'grant almagest_registry to :other',
    ],
  },
  {
    right: 'read the data that users query',
    who: ['querier', 'query'],
    statements: ['select * from survey.object', 'copy (select * from survey.object) to stdout', 'set role :query'],
  },
  {
    right: 'change the data that users query',
    who: [],
    statements: [
      'insert into survey.object values (2)',
      'update survey.object set object_id = 2',
      'delete from survey.object',
      'truncate survey.object',
      'select * from survey.object for update',
      'lock table survey.object in access exclusive mode',
      'drop table survey.object',
      'alter table survey.object add column mine int',
      'create index on survey.object (object_id)',
      'create table survey.mine ()',
      'grant select on survey.object to public',
    ],
  },
  {
    right: 'read the table of jobs',
    who: ['collector', ...WORKERS],
    statements: ['select * from uws.job'],
  },
  {
    right: 'work with jobs, and with what belongs to them',
    who: WORKERS,
    statements: [
      "insert into uws.job (id, server, execution_seconds, destruction) values ('a', 'tap', 1, now())",
      "update uws.job set phase = 'ABORTED'",
      'delete from uws.job',
      'select * from uws.job for update',
      'lock table uws.job in access exclusive mode',
      'select * from uws.remote, uws.event, uws.share, uws.notification, uws.login',
      "insert into uws.remote (job, server, state, fence, plan) values ('a', 'tap', 'submitting', 1, '{}')",
      'update uws.event set settled_at = now()',
      "insert into uws.share values ('tap', 'job', 'a', 'user', 'b', 'c')",
      'delete from uws.notification',
      "insert into uws.login values ('tap', 'a', now())",
    ],
  },
  {
    right: 'change the tables of jobs',
    who: [],
    statements: [
      'truncate uws.job',
      'drop table uws.job',
      'drop trigger note_changed on uws.job',
      'create or replace function uws.note_job() returns trigger language plpgsql as $$ begin return null; end $$',
      'alter table uws.job add column mine text',
      'alter table uws.job disable trigger all',
      'alter table uws.event disable trigger all',
      'alter table uws.job enable row level security',
      'alter table uws.job owner to :me',
      'create index on uws.job (owner)',
      'create trigger t before insert on uws.job execute function suppress_redundant_updates_trigger()',
      'create table uws.mine (job text references uws.job)',
      'create table uws.mine ()',
      'drop schema uws cascade',
      'alter schema uws rename to gone',
      'grant delete on uws.job to :other',
      'grant almagest_jobs to :other',
    ],
  },
  {
    right: 'read the table of jobs of another service (`results.jobs`)',
    who: ['collector'],
    statements: ['select * from cadc.job'],
  },
  {
    right: 'change that table, or read what lies beside it',
    who: [],
    statements: [
      "update cadc.job set executionphase = 'ARCHIVED'",
      'delete from cadc.job',
      "insert into cadc.job (jobid) values ('a')",
      'truncate cadc.job',
      'lock table cadc.job in access exclusive mode',
      'select * from cadc.job for update',
      'drop table cadc.job',
      'select * from cadc.jobdetail',
      'create table cadc.mine ()',
    ],
  },
  {
    right: 'write into other schemas',
    who: [],
    statements: [
      'create table public.mine ()',
      'create view public.mine as select 1',
      'create function public.mine() returns int language sql as $$ select 1 $$',
      'create function pg_catalog.mine() returns int language sql as $$ select 1 $$',
      'create operator public.<> (leftarg = varchar, rightarg = varchar, function = varcharne)',
      'create type public.mine as enum ()',
      'create sequence public.mine',
      'drop schema public cascade',
      'alter schema public rename to gone',
    ],
  },
  {
    right: 'become or make somebody else',
    who: [],
    statements: [
      'set role :other',
      'set role :administrator',
      'set role pg_read_server_files',
      'set role pg_execute_server_program',
      'set role pg_read_all_data',
      'set session authorization :other',
      'set session authorization :administrator',
      'create role mine',
      'create user mine superuser',
      'drop role :other',
      'drop owned by almagest_owner, :administrator',
      'reassign owned by :administrator to :me',
      'grant almagest_owner to :me',
      'grant almagest_stager to :other',
      'grant pg_read_all_data to :me',
      'grant :administrator to :me',
      'revoke almagest_owner from :administrator',
      'alter role :me superuser',
      'alter role :me createrole',
      'alter role :me createdb',
      'alter role :me bypassrls',
      'alter role :me replication',
      'alter role :other rename to gone',
      'alter role :me connection limit 1',
      "alter role :me valid until 'infinity'",
      "alter role :other password 'known'",
      'alter role :other set search_path to mine',
      'alter role :administrator set search_path to mine',
      'alter role almagest_owner login',
      'alter role almagest_owner set search_path to mine',
      'alter role all set search_path to mine',
      'alter default privileges for role :administrator grant insert on tables to public',
    ],
  },
  {
    right: 'change the database or the server',
    who: [],
    statements: [
      'create database mine',
      'drop database :database',
      'alter database :database set search_path to mine',
      'alter database :database owner to :me',
      'alter database :database rename to gone',
      'alter database :database connection limit 1',
      "comment on database :database is ''",
      'grant create on database :database to public',
      "alter system set log_statement = 'all'",
      'set session_replication_role to replica',
      'set log_statement to none',
      'select pg_reload_conf()',
      'checkpoint',
      'create tablespace mine location $$/mine$$',
      'drop extension plpgsql',
      'create language mine handler plpgsql_call_handler',
      'create event trigger mine on ddl_command_end execute function suppress_redundant_updates_trigger()',
      'create foreign data wrapper mine',
      'create subscription mine connection $$$$ publication mine with (connect = false)',
      'create publication mine for all tables',
      'create access method mine type index handler bthandler',
      'create cast (text as int) with inout',
      "select pg_create_physical_replication_slot('mine')",
      "select pg_create_restore_point('mine')",
      'select pg_terminate_backend(:session)',
      'select pg_cancel_backend(:session)',
    ],
  },
  {
    right: 'reach files, programs and secrets of the server',
    who: [],
    statements: [
      "copy (select 1) to program 'true'",
      "copy (select 1) to '/mine'",
      "copy pg_temp.mine from '/etc/hostname'",
      "select pg_read_file('/etc/hostname')",
      "select pg_read_binary_file('PG_VERSION')",
      "select pg_ls_dir('.')",
      'select pg_ls_logdir()',
      "select lo_import('/etc/hostname')",
      "select lo_export(1, '/mine')",
      "load '/mine'",
      'select * from pg_authid',
      'select * from pg_shadow',
      'select * from pg_hba_file_rules',
      'select * from pg_user_mapping',
      'select * from pg_statistic',
      'select subconninfo from pg_subscription',
      "select current_setting('hba_file')",
      'select * from pg_backend_memory_contexts',
    ],
  },
  {
    right: 'make temporary tables and large objects, take advisory locks, change its own password and settings',
    who: EVERYBODY,
    statements: [
      'create temporary table mine (a int)',
      'select lo_create(0)',
      "select lo_from_bytea(0, 'x')",
      // The key of Almagest's lock.
      'select pg_advisory_xact_lock(1634495841, 0)',
      "alter role :me password 'another'",
      'alter role :me set search_path to mine',
      'select * from pg_roles, pg_database',
      'notify mine',
    ],
  },
]

function readingsOf(slot: string): readonly string[] {
  return [
    `select * from ${slot}.schemas11, ${slot}.versions`,
    `select * from ${slot}.tables, ${slot}.columns, ${slot}.keys, ${slot}.key_columns, ${slot}.version`,
    `copy ${slot}.tables11 to stdout`,
    `lock table ${slot}.tables11 in access share mode`,
  ]
}

/** Everything that changes a slot without removing its name. */
function changesOf(slot: string): readonly string[] {
  return [
    `insert into ${slot}.schemas11 (schema_name) values ('mine')`,
    `update ${slot}.tables11 set description = 'mine'`,
    `update ${slot}.tables set description = 'mine'`,
    `update ${slot}.versions set version = 'mine'`,
    `delete from ${slot}.key_columns11`,
    `delete from ${slot}.versions`,
    `truncate ${slot}.key_columns11`,
    `drop table ${slot}.key_columns11 cascade`,
    `drop view ${slot}.tables`,
    `drop schema ${slot} cascade`,
    `alter table ${slot}.tables11 add column mine int`,
    `alter table ${slot}.tables11 rename to gone`,
    `alter table ${slot}.tables11 enable row level security`,
    `alter table ${slot}.tables11 alter column utype set default lower('MINE')`,
    `alter view ${slot}.tables rename to gone`,
    `alter view ${slot}.tables set (security_barrier)`,
    `create or replace view ${slot}.version as select version, loaded_at from ${slot}.versions`,
    `create table ${slot}.mine (key_id varchar references ${slot}.keys11)`,
    `create view ${slot}.mine as select 1`,
    `create function ${slot}.mine() returns int language sql as $$ select 1 $$`,
    `create index on ${slot}.tables11 (lower(utype))`,
    `create statistics ${slot}.mine on utype, table_type from ${slot}.tables11`,
    `create trigger mine before update on ${slot}.tables11 execute function suppress_redundant_updates_trigger()`,
    `create rule mine as on insert to ${slot}.tables11 do instead nothing`,
    `create policy mine on ${slot}.tables11 using (true)`,
    `comment on table ${slot}.tables11 is ''`,
    `comment on schema ${slot} is ''`,
    `grant insert on ${slot}.tables11 to public`,
    `grant create on schema ${slot} to public`,
    `reindex table ${slot}.tables11`,
    `cluster ${slot}.tables11 using tables11_pkey`,
  ]
}

/** The table of terraform/README.md. */
export function formatRights(): string {
  const columns = EVERYBODY.map((login) => LOGINS[login])
  const rows = RIGHTS.map(({ right, who }) => [right, ...EVERYBODY.map((login) => (who.includes(login) ? 'yes' : '–'))])
  return [['may …', ...columns], ['---', ...columns.map(() => ':-:')], ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}
