/**
 * Queries that a backend runs by itself, one row for each job that has one, until nothing of it is left there: the row
 * outlives its job, so that no cancel and no deletion is forgotten (DESIGN §8.3 rules 4 and 5).
 *
 * A row with `kept_until` belongs to no job, and is owed after that time: a sync query, which its instance sees to until then;
 * or, with no submits, what an attempt that failed may still be loading; or a query whose worker had lost its job by then.
 *
 * `submitting`: it is about to be submitted, or nobody knows whether it was. `running`: `query_id` names it there.
 * `ready`: its result waits to be read. `fence` is that of the claim that has submitted it. `plan` is what is needed to
 * read its result, `uploads` names what was loaded into the backend for it. `sent_at` is null while the message to read its
 * result is owed.
 */
export const REMOTE_DDL = `
create table if not exists uws.remote (
  job text primary key,
  server text not null,
  state text not null check (state in ('submitting', 'running', 'ready')),
  fence bigint not null,
  submits integer not null default 0,
  fetches integer not null default 0,
  query_id text,
  owner text,
  plan jsonb not null,
  uploads text,
  begun_at timestamptz not null default clock_timestamp(),
  looked_at timestamptz,
  sent_at timestamptz,
  progress jsonb,
  check ((state = 'submitting') or (query_id is not null))
);
alter table uws.remote
  add column if not exists kept_until timestamptz;
create index if not exists remote_looked on uws.remote (server, state, looked_at);
`
