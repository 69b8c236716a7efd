/**
 * Groups that users make, called `owner/name`: no group of elsewhere has a `/` in its name. The owner is in it. A group that
 * is removed takes its members and what was shared with it along; each leaves its event.
 */
export const GROUP_DDL = `
create table if not exists uws.user_group (
  server text not null,
  owner text not null,
  name text not null,
  description text,
  created_at timestamptz not null default clock_timestamp(),
  primary key (server, owner, name)
);
create table if not exists uws.group_member (
  server text not null,
  owner text not null,
  name text not null,
  member text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (server, owner, name, member),
  foreign key (server, owner, name) references uws.user_group on delete cascade
);
create index if not exists groups_of_member on uws.group_member (server, member);
create or replace function uws.groups_of(of_server text, of_user text, others text[]) returns text[]
  language sql stable as $$
  select others
         || array(select owner || '/' || name from uws.group_member where server = of_server and member = of_user)
         || array(select owner || '/' || name from uws.user_group where server = of_server and owner = of_user)
$$;
create or replace function uws.empty_group() returns trigger language plpgsql as $$
begin
  delete from uws.group_member where server = old.server and owner = old.owner and name = old.name;
  return old;
end $$;
create or replace trigger empty_group before delete on uws.user_group
  for each row execute function uws.empty_group();
create or replace function uws.note_group() returns trigger language plpgsql as $$
declare
  it uws.user_group := case when tg_op = 'DELETE' then old else new end;
  what text := case tg_op when 'INSERT' then 'GROUP_CREATED' when 'UPDATE' then 'GROUP_UPDATED' else 'GROUP_REMOVED' end;
begin
  if tg_op = 'DELETE' then
    delete from uws.share where server = it.server and grantee_type = 'group' and grantee = it.owner || '/' || it.name;
  end if;
  insert into uws.event (server, kind, item_type, item, owner, data)
  values (it.server, what, 'group', it.owner || '/' || it.name, it.owner,
          jsonb_strip_nulls(jsonb_build_object('description', it.description)));
  return null;
end $$;
create or replace trigger note_group after insert or delete on uws.user_group
  for each row execute function uws.note_group();
create or replace trigger note_group_changed after update on uws.user_group
  for each row when (new.description is distinct from old.description) execute function uws.note_group();
create or replace function uws.note_member() returns trigger language plpgsql as $$
declare
  it uws.group_member := case when tg_op = 'DELETE' then old else new end;
begin
  insert into uws.event (server, kind, item_type, item, owner, data)
  values (it.server, case when tg_op = 'DELETE' then 'MEMBER_REMOVED' else 'MEMBER_CREATED' end,
          'group', it.owner || '/' || it.name, it.owner, jsonb_build_object('user', it.member));
  return null;
end $$;
create or replace trigger note_member after insert or delete on uws.group_member
  for each row execute function uws.note_member();
`
