import { quote } from '../../tap-schema/slots.ts'
import { serialType } from '../column-type.ts'
import { literal, qualified } from '../sql.ts'
import { compareFields, type FieldRule, type FoundChange } from './change.ts'
import { columnSql, nameSql } from './definition-sql.ts'
import { objectName } from './object-name.ts'
import type { Statement } from './statements.ts'
import type { ColumnStructure, TableStructure } from './structure.ts'
import { isWidening, shortType } from './type-change.ts'

const NEEDS_VALUE = 'rows that are written without a value for it fail'

const RULES: readonly FieldRule<ColumnStructure>[] = [
  {
    field: 'type',
    value: ({ type }) => shortType(type),
    breaks: (from, to) =>
      isWidening(from.type, to.type) ? null : 'values that do not fit make it fail or are changed',
  },
  {
    field: 'nullable',
    value: ({ nullable }) => nullable,
    breaks: (_, { nullable }) => (nullable ? null : 'rows without a value make it fail'),
  },
  {
    field: 'default',
    value: (column) => column.default,
    breaks: (_, to) => (to.default !== null || to.nullable || to.autoincrement !== null ? null : NEEDS_VALUE),
  },
  {
    field: 'autoincrement',
    value: ({ autoincrement }) => autoincrement !== null,
    breaks: (_, to) => (to.autoincrement !== null || to.nullable || to.default !== null ? null : NEEDS_VALUE),
  },
]

/** The columns that come, change and go. */
export function compareColumns(from: TableStructure, to: TableStructure): readonly FoundChange[] {
  const names = [...to.columns.keys(), ...[...from.columns.keys()].filter((name) => !to.columns.has(name))]
  return names.flatMap((name) => {
    const [before, after] = [from.columns.get(name), to.columns.get(name)]
    if (after === undefined) return [removeColumn(from, name)]
    if (before === undefined) return [addColumn(to, name, after)]
    const compared = compareFields(before, after, RULES)
    if (compared === null) return []
    const statements = alterColumn(to, name, before, after)
    return [{ kind: 'column', change: 'changed', name: fullName(to, name), ...compared, statements }]
  })
}

function fullName({ schema, name }: TableStructure, column: string): string {
  return `${schema}.${name}.${column}`
}

function addColumn(table: TableStructure, name: string, column: ColumnStructure): FoundChange {
  const needsValue = !column.nullable && column.default === null && column.autoincrement === null
  const sql = `alter table ${nameSql(table)} add column ${columnSql(name, column)}`
  return {
    kind: 'column',
    change: 'added',
    name: fullName(table, name),
    breaking: needsValue,
    ...(needsValue && { why: 'rows that are there have no value for it' }),
    statements: [{ phase: 'add column', sql }],
  }
}

function removeColumn(table: TableStructure, name: string): FoundChange {
  const sql = `alter table ${nameSql(table)} drop column ${quote(name)}`
  return {
    kind: 'column',
    change: 'removed',
    name: fullName(table, name),
    breaking: true,
    why: 'its values are lost',
    statements: [{ phase: 'drop column', sql }],
  }
}

function alterColumn(
  table: TableStructure,
  name: string,
  from: ColumnStructure,
  to: ColumnStructure,
): readonly Statement[] {
  const column = `alter table ${nameSql(table)} alter column ${quote(name)}`
  const sequence = qualified(table.schema, objectName([table.name, name], 'seq'))
  const changesType = shortType(from.type) !== shortType(to.type)
  const isWider = isWidening(from.type, to.type)
  const conversion = isWider ? '' : ` using ${quote(name)}::${to.type}`
  // A default value of the former type may not be one of the new type.
  const isReset = changesType && !isWider && from.default !== null
  const parts: readonly (readonly [boolean, string])[] = [
    [from.autoincrement === 'serial' && to.autoincrement === null, `${column} drop default`],
    [from.autoincrement === 'serial' && to.autoincrement === null, `drop sequence if exists ${sequence}`],
    [from.autoincrement === 'identity' && to.autoincrement === null, `${column} drop identity`],
    [isReset || (from.default !== null && to.default === null), `${column} drop default`],
    [changesType, `${column} type ${to.type}${conversion}`],
    [
      changesType && from.autoincrement === 'serial' && to.autoincrement !== null,
      `alter sequence ${sequence} as ${to.type}`,
    ],
    [from.nullable && !to.nullable, `${column} set not null`],
    [!from.nullable && to.nullable, `${column} drop not null`],
    [to.default !== null && (isReset || from.default !== to.default), `${column} set default ${to.default}`],
    ...(from.autoincrement === null && to.autoincrement !== null ? numberRows(table, name, to, sequence) : []),
  ]
  return parts.filter(([isNeeded]) => isNeeded).map(([, sql]) => ({ phase: 'alter column', sql }))
}

/** What `serial` stands for; numbers go on behind those that are there. */
function numberRows(
  table: TableStructure,
  name: string,
  { type }: ColumnStructure,
  sequence: string,
): readonly (readonly [boolean, string])[] {
  const [owner, text] = [`${nameSql(table)}.${quote(name)}`, literal(sequence)]
  const kind = serialType(shortType(type)) === null ? '' : ` as ${shortType(type)}`
  return [
    [true, `create sequence ${sequence}${kind} owned by ${owner}`],
    [true, `alter table ${nameSql(table)} alter column ${quote(name)} set default nextval(${text}::regclass)`],
    [true, `select setval(${text}, coalesce(max(${quote(name)}), 0) + 1, false) from ${nameSql(table)}`],
  ]
}
