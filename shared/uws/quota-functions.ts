/**
 * What the jobs of an owner (null: of all who have no name, together) take up, counted from their rows, and whether one
 * more would be too much. `uws.quota_reached` makes others who ask for the same owner wait until the transaction ends, so
 * that twenty at once see each other; it is called by the very statement that writes the row. A worker that died does not
 * count as a sync query.
 */
export const QUOTA_DDL = `
create or replace function uws.usage(of_server text, of_owner text)
  returns table (underway bigint, queued bigint, sync bigint, stored_bytes bigint) language sql stable as $$
  select active.*, stored.*
    from (select count(*) filter (where mode = 'async'),
                 count(*) filter (where phase = 'QUEUED'),
                 count(*) filter (where mode = 'sync' and lease_until > clock_timestamp())
            from uws.job
           where server = of_server and coalesce(owner, '') = coalesce(of_owner, '')
             and phase in ('QUEUED', 'EXECUTING')) as active,
         (select coalesce(sum(job.stored_bytes), 0)::bigint
            from uws.job
           where server = of_server and coalesce(owner, '') = coalesce(of_owner, '') and job.stored_bytes > 0) as stored
$$;
create or replace function uws.quota_reached(of_server text, of_owner text, limits jsonb, more_bytes bigint)
  returns text language plpgsql volatile as $$
declare
  used record;
begin
  if limits = '{}' then
    return null;
  end if;
  perform pg_advisory_xact_lock(hashtextextended(of_server || '/' || coalesce(of_owner, ''), 8319));
  select * into used from uws.usage(of_server, of_owner);
  return case
    when used.queued >= (limits ->> 'queued')::bigint then 'queued'
    when used.underway >= (limits ->> 'underway')::bigint then 'underway'
    when used.sync >= (limits ->> 'sync')::bigint then 'sync'
    when used.stored_bytes + more_bytes > (limits ->> 'storedBytes')::bigint then 'storedBytes'
    when more_bytes = 0 and used.stored_bytes = (limits ->> 'storedBytes')::bigint then 'storedBytes'
  end;
end $$;
`
