/**
 * Makes roles that logins are members of and nobody logs in as; those that are there are left as they are. Roles belong to
 * the whole cluster: another database's `init` may be making them at this very moment.
 *
 * @param names our own, as literals of the code
 * @returns a statement
 */
export function createGroupRoles(...names: readonly string[]): string {
  return `
do $$
declare wanted text;
begin
  foreach wanted in array array[${names.map((name) => `'${name}'`).join(', ')}] loop
    begin
      if not exists (select from pg_catalog.pg_roles where rolname = wanted) then
        execute pg_catalog.format('create role %I nologin', wanted);
      end if;
    exception when duplicate_object or unique_violation then null;
    end;
  end loop;
end $$`
}
