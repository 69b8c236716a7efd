/**
 * Who else may read an item of somebody: one row for each user or group, until `expires_at` (null: as long as the item is
 * there). An item is a job, or a table of a user, which may be shared for writing too.
 */
export const SHARE_DDL = `
create table if not exists uws.share (
  server text not null,
  item_type text not null,
  item text not null,
  grantee_type text not null check (grantee_type in ('user', 'group')),
  grantee text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  primary key (server, item_type, item, grantee_type, grantee)
);
alter table uws.share add column if not exists mode text not null default 'read' check (mode in ('read', 'write'));
create index if not exists share_of_grantee on uws.share (server, item_type, grantee_type, grantee);
create index if not exists share_due on uws.share (expires_at) where expires_at is not null;
create or replace function uws.note_share() returns trigger language plpgsql as $$
declare
  it uws.share := case when tg_op = 'DELETE' then old else new end;
  what text := case tg_op when 'INSERT' then 'SHARE_CREATED' when 'UPDATE' then 'SHARE_UPDATED' else 'SHARE_REMOVED' end;
begin
  insert into uws.event (server, kind, item_type, item, owner, data)
  values (it.server, what, it.item_type, it.item, it.owner,
          jsonb_strip_nulls(jsonb_build_object(it.grantee_type, it.grantee, 'until', uws.utc(it.expires_at),
                                            'mode', nullif(it.mode, 'read'))));
  return null;
end $$;
create or replace trigger note_share after insert or delete on uws.share
  for each row execute function uws.note_share();
create or replace trigger note_share_changed after update on uws.share
  for each row when ((new.expires_at, new.mode) is distinct from (old.expires_at, old.mode)) execute function uws.note_share();
`
