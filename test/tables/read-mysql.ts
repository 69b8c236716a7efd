/** For the client of MySQL: everything that its catalogue knows of a schema, a tab-separated line a thing, in a fixed order. */
export const READ_MYSQL = (schema: string) => `
select concat_ws(' ', 'table', table_name, engine, table_collation, table_comment) as line
  from information_schema.tables where table_schema = '${schema}'
union all
select concat_ws(' ', 'column', table_name, column_name, column_type, is_nullable, ifnull(column_default, '-'), extra, column_comment)
  from information_schema.columns where table_schema = '${schema}'
union all
select concat_ws(' ', 'index', table_name, index_name, non_unique, seq_in_index, column_name)
  from information_schema.statistics where table_schema = '${schema}'
union all
select concat_ws(' ', 'check', table_name, constraint_name, check_clause)
  from information_schema.check_constraints where constraint_schema = '${schema}'
union all
select concat_ws(' ', 'key', r.table_name, r.constraint_name, r.referenced_table_name, r.delete_rule, r.update_rule)
  from information_schema.referential_constraints r where r.constraint_schema = '${schema}'
order by line`
