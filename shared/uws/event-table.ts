/**
 * What has happened, one row an event, written in the transaction of its cause by triggers, so that no writer can forget it.
 * `sequence` grows with every event; for one job also in the order in which things happened, because every change of the
 * job or of its shares locks the job's row. `settled_at` is null as long as the event is still to be published; `sending_until`
 * keeps others away while one publisher sends it.
 * QUOTA_UPDATED waits for other changes of the same owner to be committed, so that the last one counts all of them; so
 * the events of a user are in order too.
 *
 * A sync query has no events.
 */
export const EVENT_DDL = `
create table if not exists uws.event (
  sequence bigint generated always as identity primary key,
  server text not null,
  kind text not null,
  item_type text not null,
  item text not null,
  owner text,
  occurred_at timestamptz not null default clock_timestamp(),
  data jsonb not null default '{}',
  sending_until timestamptz,
  settled_at timestamptz
);
create index if not exists event_of_item on uws.event (server, item_type, item, sequence);
create index if not exists event_owed on uws.event (server, item_type, item, sequence) where settled_at is null;
create index if not exists event_old on uws.event (server, occurred_at);
create or replace function uws.utc(moment timestamptz) returns text language sql stable as $$
  select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;
create or replace function uws.note_job() returns trigger language plpgsql as $$
declare
  what text := 'JOB_UPDATED';
begin
  if tg_op = 'INSERT' then
    what := 'JOB_CREATED';
  elsif old.deleted_at is not null then
    return null;
  elsif new.deleted_at is not null then
    what := 'JOB_REMOVED';
    delete from uws.share where server = new.server and item_type = 'job' and item = new.id;
  elsif (new.phase, new.run_id, new.execution_seconds, new.destruction, new.parameters, new.uploads)
     is not distinct from (old.phase, old.run_id, old.execution_seconds, old.destruction, old.parameters, old.uploads) then
    return null;
  end if;
  insert into uws.event (server, kind, item_type, item, owner, data)
  values (new.server, what, 'job', new.id, new.owner, jsonb_strip_nulls(jsonb_build_object(
    'phase', new.phase, 'runId', new.run_id, 'executionSeconds', new.execution_seconds, 'destruction', uws.utc(new.destruction),
    'rows', new.result -> 'rows', 'bytes', new.result -> 'bytes', 'release', new.release, 'error', new.error ->> 'type')));
  if new.owner is not null and new.stored_bytes <> (case when tg_op = 'INSERT' then 0 else old.stored_bytes end) then
    perform pg_advisory_xact_lock(hashtextextended(new.server || '/' || new.owner, 8320));
    insert into uws.event (server, kind, item_type, item, owner, data)
    select new.server, 'QUOTA_UPDATED', 'user', new.owner, new.owner, jsonb_build_object('storedBytes', used.stored_bytes)
      from uws.usage(new.server, new.owner) as used;
  end if;
  return null;
end $$;
create or replace trigger note_created after insert on uws.job
  for each row when (new.mode = 'async') execute function uws.note_job();
create or replace trigger note_changed
  after update of phase, run_id, execution_seconds, destruction, parameters, uploads, deleted_at on uws.job
  for each row when (new.mode = 'async') execute function uws.note_job();
`
