/**
 * Where jobs live: one row a job, in schema `uws` of the jobs database. Every answer of every instance comes from here
 * (DESIGN §8.3). Times are the database's, so that instances with other clocks agree; the one of creation has
 * milliseconds, as documents show it, so that clients can ask for what came later.
 *
 * `fence` counts the claims: a worker writes only while its own is the last one. `silences` counts the workers that died. `dispatched_at` is null as long as the
 * event of a QUEUED job has not been sent, `repeats` counts how often it was sent again. The row of a deleted job stays until its objects are gone.
 */
export const UWS_DDL = `
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
  check ((phase = 'COMPLETED') <= (result is not null or deleted_at is not null)),
  check ((phase = 'EXECUTING') <= (lease_until is not null))
);
alter table uws.job add column if not exists repeats integer not null default 0;
create index if not exists job_of_owner on uws.job (server, owner, created_at desc) where deleted_at is null;
create index if not exists job_active on uws.job (phase, lease_until) where phase in ('QUEUED', 'EXECUTING');
create index if not exists job_due on uws.job (destruction)`
