/**
 * Messages for users, shown until `expires_at`; `recipient` null: for all users. `uws.login` says when the last LOGIN of a
 * user was written.
 */
export const NOTIFICATION_DDL = `
create table if not exists uws.notification (
  id bigint generated always as identity primary key,
  server text not null,
  recipient text,
  kind text not null,
  message text not null,
  created_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
  expires_at timestamptz not null
);
create unique index if not exists notification_once on uws.notification (server, recipient, kind, md5(message))
  where recipient is not null;
create index if not exists notification_due on uws.notification (expires_at);
create or replace function uws.note_notification() returns trigger language plpgsql as $$
declare
  it uws.notification := case when tg_op = 'INSERT' then new else old end;
begin
  insert into uws.event (server, kind, item_type, item, owner, data)
  values (it.server, case when tg_op = 'INSERT' then 'NOTIFICATION_CREATED' else 'NOTIFICATION_REMOVED' end,
          'notification', it.id::text, it.recipient,
          jsonb_build_object('kind', it.kind, 'message', it.message, 'until', uws.utc(it.expires_at)));
  return null;
end $$;
create or replace trigger note_notification after insert or delete on uws.notification
  for each row execute function uws.note_notification();
create table if not exists uws.login (
  server text not null,
  username text not null,
  noted_at timestamptz not null,
  primary key (server, username)
);
`
