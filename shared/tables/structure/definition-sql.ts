import { quote } from '../../tap-schema/slots.ts'
import { serialType } from '../column-type.ts'
import { columnList, qualified } from '../sql.ts'
import { type ColumnStructure, type ConstraintStructure, NO_ACTION, type TableStructure } from './structure.ts'

/** `create table` with its columns, primary key, unique constraints and checks; foreign keys follow when all are there. */
export function createTableSql(table: TableStructure, { ifNotExists }: { readonly ifNotExists: boolean }): string {
  const items = [
    ...[...table.columns].map(([name, column]) => columnSql(name, column)),
    ...(table.primaryKey === null ? [] : [`primary key ${columnList(table.primaryKey.columns)}`]),
    ...[...table.constraints].flatMap(([name, constraint]) =>
      constraint.kind === 'foreign key' ? [] : [`constraint ${quote(name)} ${constraintSql(constraint)}`],
    ),
  ]
  const create = ifNotExists ? 'create table if not exists' : 'create table'
  const body = items.length === 0 ? '' : `\n  ${items.join(',\n  ')}\n`
  return `${create} ${nameSql(table)} (${body})`
}

export function nameSql({ schema, name }: Pick<TableStructure, 'schema' | 'name'>): string {
  return qualified(schema, name)
}

/** A column as `create table` and `add column` take it. */
export function columnSql(name: string, { type, nullable, default: value, autoincrement }: ColumnStructure): string {
  return [
    quote(name),
    autoincrement === null ? type : (serialType(type) ?? type),
    ...(nullable ? [] : ['not null']),
    ...(value === null ? [] : [`default ${value}`]),
  ].join(' ')
}

/** What comes behind `constraint NAME`. */
export function constraintSql(constraint: ConstraintStructure): string {
  if (constraint.kind === 'check') return `check (${constraint.expression})`
  const deferral = constraint.deferral === '' ? '' : ` ${constraint.deferral}`
  if (constraint.kind === 'unique') return `unique ${columnList(constraint.columns)}${deferral}`
  const { columns, target, targetColumns, onDelete, onUpdate } = constraint
  return [
    `foreign key ${columnList(columns)} references ${nameSql(target)} ${columnList(targetColumns)}`,
    ...(onDelete === NO_ACTION ? [] : [`on delete ${onDelete}`]),
    ...(onUpdate === NO_ACTION ? [] : [`on update ${onUpdate}`]),
  ]
    .join(' ')
    .concat(deferral)
}
