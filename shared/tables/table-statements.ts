import type { Table } from '../felis/model.ts'
import { quote } from '../tap-schema/slots.ts'
import { spell } from './lookup.ts'
import { literal } from './sql.ts'
import { constraintSql, createTableSql } from './structure/definition-sql.ts'
import { describeStructure } from './structure/describe-structure.ts'
import { type TableContext, tableSql } from './table-context.ts'

/** `create table`, without foreign keys. */
export function createTable(table: Table, context: TableContext): string {
  return createTableSql(describeStructure(table, context), context)
}

/** Comments on a table, its columns and its constraints. */
export function commentStatements(table: Table, context: TableContext): readonly string[] {
  const name = tableSql(table, context)
  const comment = (what: string, text: string | null) =>
    text === null || text === '' ? [] : [`comment on ${what} is ${literal(text)}`]
  return [
    ...comment(`table ${name}`, table.description),
    ...table.columns.flatMap((column) =>
      comment(`column ${name}.${quote(spell(column.name, context.names))}`, column.description),
    ),
    ...table.constraints.flatMap(({ name: constraint, description }) =>
      comment(`constraint ${quote(spell(constraint, context.names))} on ${name}`, description),
    ),
  ]
}

/** The foreign keys of a table. */
export function foreignKeyStatements(table: Table, context: TableContext): readonly string[] {
  return [...describeStructure(table, context).constraints].flatMap(([name, constraint]) => {
    if (constraint.kind !== 'foreign key') return []
    const add = `alter table ${tableSql(table, context)} add constraint ${quote(name)} ${constraintSql(constraint)}`
    return [context.ifNotExists ? unlessThere(add) : add]
  })
}

/** `add constraint` has no `if not exists`. */
function unlessThere(statement: string): string {
  const tag = statement.includes('$key$') ? '$foreign_key$' : '$key$'
  return `do ${tag} begin ${statement}; exception when duplicate_object then null; end ${tag}`
}
