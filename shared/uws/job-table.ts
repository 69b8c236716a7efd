/**
 * Where jobs live: one row a job, in schema `uws` of the jobs database. Every answer of every instance comes from here
 * (DESIGN §8.3). Times are the database's, so that instances with other clocks agree; the one of creation has
 * milliseconds, as documents show it, so that clients can ask for what came later.
 *
 * `fence` counts the claims: a worker writes only while its own is the last one. `silences` counts the workers that died.
 * `dispatched_at` is null as long as the event of a QUEUED job has not been sent, `repeats` counts how often it was sent again. The row of a deleted job stays until its
 * objects are gone; that of an ARCHIVED one longer, with `cleared_at` once they are. A sync query has a row for the record
 * and no objects. `stored_bytes` is what counts for the quota of the owner, `byte_limit` that quota when the job started.
 */
export const JOB_DDL = `
create schema if not exists uws;
comment on schema uws is 'Jobs of TAP services (UWS 1.1)';
create table if not exists uws.job (
  id text primary key,
  server text not null,
  owner text,
  run_id text check (length(run_id) <= 64),
  phase text not null default 'PENDING'
    check (phase in ('PENDING', 'QUEUED', 'EXECUTING', 'COMPLETED', 'ERROR', 'ABORTED', 'ARCHIVED')),
  created_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
  started_at timestamptz,
  ended_at timestamptz,
  execution_seconds integer not null check (execution_seconds > 0),
  destruction timestamptz not null,
  parameters jsonb not null default '[]',
  uploads jsonb not null default '[]',
  error jsonb,
  result jsonb,
  release text,
  fence bigint not null default 0,
  silences integer not null default 0,
  lease_until timestamptz,
  dispatched_at timestamptz,
  deleted_at timestamptz,
  constraint job_executing check ((phase = 'EXECUTING') <= (lease_until is not null))
);
alter table uws.job
  add column if not exists repeats integer not null default 0,
  add column if not exists mode text not null default 'async' check (mode in ('async', 'sync')),
  add column if not exists byte_limit bigint,
  add column if not exists cleared_at timestamptz;
create or replace function uws.bytes_of(result jsonb, uploads jsonb) returns bigint language sql immutable as $$
  select coalesce((result ->> 'bytes')::bigint, 0)
       + coalesce((select sum((upload ->> 'bytes')::bigint) from jsonb_array_elements(uploads) as upload), 0)::bigint
$$;
alter table uws.job add column if not exists stored_bytes bigint not null generated always as (
  case when deleted_at is not null or phase = 'ARCHIVED' then 0 else uws.bytes_of(result, uploads) end) stored;
do $$
begin
  if not exists (select from pg_constraint where conrelid = 'uws.job'::regclass and conname = 'job_completed') then
    alter table uws.job drop constraint if exists job_check;
    alter table uws.job add constraint job_completed
      check ((phase = 'COMPLETED') <= (result is not null or deleted_at is not null or mode = 'sync'));
  end if;
end $$;
drop index if exists uws.job_of_owner;
create index if not exists job_listed on uws.job (server, owner, mode, created_at desc) where deleted_at is null;
create index if not exists job_active on uws.job (phase, lease_until) where phase in ('QUEUED', 'EXECUTING');
create index if not exists job_underway on uws.job (server, coalesce(owner, '')) where phase in ('QUEUED', 'EXECUTING');
create index if not exists job_stored on uws.job (server, coalesce(owner, '')) include (stored_bytes) where stored_bytes > 0;
create index if not exists job_due on uws.job (destruction) where deleted_at is null and phase <> 'ARCHIVED';
create index if not exists job_archived on uws.job (destruction) where deleted_at is null and phase = 'ARCHIVED';
create index if not exists job_uncleared on uws.job (server, destruction)
  where cleared_at is null and (deleted_at is not null or phase = 'ARCHIVED');
create index if not exists job_cleared on uws.job (server) where deleted_at is not null and cleared_at is not null;
`
