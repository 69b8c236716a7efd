import { quote } from '../../tap-schema/slots.ts'
import { columnList } from '../sql.ts'
import { compareFields, type FieldRule, type FoundChange } from './change.ts'
import { constraintSql, nameSql } from './definition-sql.ts'
import type { Statement } from './statements.ts'
import type { ConstraintStructure, ForeignKeyStructure, PrimaryKey, TableStructure } from './structure.ts'

const FAILS: Readonly<Record<ConstraintStructure['kind'] | 'primary key', string>> = {
  'primary key': 'rows with the same values, or without one, make it fail',
  unique: 'rows with the same values make it fail',
  check: 'rows that it does not allow make it fail',
  'foreign key': 'rows that refer to nothing make it fail',
}

const DEFERRAL: FieldRule<{ readonly deferral: string }> = {
  field: 'deferrable',
  value: ({ deferral }) => deferral,
  breaks: (_, { deferral }) => (deferral === '' ? 'transactions that rely on a later check fail' : null),
}

/** Deleted or changed rows are treated in another way. */
const ANOTHER_ACTION = 'rows that are deleted or changed fail, or take others with them, that do not today'

const FOREIGN_KEY_RULES: readonly FieldRule<ForeignKeyStructure>[] = [
  { field: 'columns', value: ({ columns }) => columns.join(', '), breaks: () => FAILS['foreign key'] },
  {
    field: 'references',
    value: ({ target, targetColumns }) => `${target.schema}.${target.name} (${targetColumns.join(', ')})`,
    breaks: () => FAILS['foreign key'],
  },
  { field: 'on_delete', value: ({ onDelete }) => onDelete, breaks: () => ANOTHER_ACTION },
  { field: 'on_update', value: ({ onUpdate }) => onUpdate, breaks: () => ANOTHER_ACTION },
  DEFERRAL,
]

const UNIQUE_RULES: readonly FieldRule<Extract<ConstraintStructure, { kind: 'unique' }>>[] = [
  { field: 'columns', value: ({ columns }) => columns.join(', '), breaks: () => FAILS.unique },
  DEFERRAL,
]

const CHECK_RULES: readonly FieldRule<Extract<ConstraintStructure, { kind: 'check' }>>[] = [
  { field: 'expression', value: ({ expression }) => expression, breaks: () => FAILS.check },
]

/** The primary key and the named constraints that come, change and go. */
export function compareConstraints(from: TableStructure, to: TableStructure): readonly FoundChange[] {
  const names = [...to.constraints.keys(), ...[...from.constraints.keys()].filter((name) => !to.constraints.has(name))]
  return [
    ...comparePrimaryKeys(from, to),
    ...names.flatMap((name): readonly FoundChange[] => {
      const [before, after] = [from.constraints.get(name), to.constraints.get(name)]
      const at = `${to.schema}.${to.name}.${name}`
      if (after === undefined && before !== undefined) {
        const statements = [dropConstraint(from, name, before)]
        return [{ kind: before.kind, change: 'removed', name: at, breaking: false, statements }]
      }
      if (after === undefined) return []
      if (before === undefined || before.kind !== after.kind) {
        const drop = before === undefined ? [] : [dropConstraint(from, name, before)]
        const statements = [...drop, addConstraint(to, name, after)]
        return [
          { kind: after.kind, change: 'added', name: at, breaking: true, why: FAILS[after.kind], statements } as const,
        ]
      }
      const compared = compareKind(before, after)
      if (compared === null) return []
      const statements = [dropConstraint(from, name, before), addConstraint(to, name, after)]
      return [{ kind: after.kind, change: 'changed', name: at, ...compared, statements } as const]
    }),
  ]
}

function compareKind(from: ConstraintStructure, to: ConstraintStructure) {
  if (from.kind === 'unique' && to.kind === 'unique') return compareFields(from, to, UNIQUE_RULES)
  if (from.kind === 'check' && to.kind === 'check') return compareFields(from, to, CHECK_RULES)
  return from.kind === 'foreign key' && to.kind === 'foreign key' ? compareFields(from, to, FOREIGN_KEY_RULES) : null
}

function comparePrimaryKeys(from: TableStructure, to: TableStructure): readonly FoundChange[] {
  const [before, after] = [listOf(from.primaryKey), listOf(to.primaryKey)]
  if (before === after) return []
  const drop = from.primaryKey === null ? [] : [dropKey(from, from.primaryKey)]
  const add = to.primaryKey === null ? [] : [addKey(to, to.primaryKey)]
  const about = { kind: 'primary key', name: `${to.schema}.${to.name}`, statements: [...drop, ...add] } as const
  if (to.primaryKey === null) return [{ ...about, change: 'removed', breaking: false }]
  const broken = { breaking: true, why: FAILS['primary key'] }
  if (from.primaryKey === null) return [{ ...about, change: 'added', ...broken }]
  return [{ ...about, change: 'changed', ...broken, fields: { columns: { from: before, to: after, breaking: true } } }]
}

function listOf(key: PrimaryKey | null): string | null {
  return key === null ? null : key.columns.join(', ')
}

function dropKey(table: TableStructure, { name }: PrimaryKey): Statement {
  return { phase: 'drop constraint', sql: `alter table ${nameSql(table)} drop constraint ${quote(name)}` }
}

function addKey(table: TableStructure, { columns }: PrimaryKey): Statement {
  return { phase: 'add constraint', sql: `alter table ${nameSql(table)} add primary key ${columnList(columns)}` }
}

export function dropConstraint(table: TableStructure, name: string, { kind }: ConstraintStructure): Statement {
  const phase = kind === 'foreign key' ? 'drop foreign key' : 'drop constraint'
  return { phase, sql: `alter table ${nameSql(table)} drop constraint ${quote(name)}` }
}

export function addConstraint(table: TableStructure, name: string, constraint: ConstraintStructure): Statement {
  const phase = constraint.kind === 'foreign key' ? 'add foreign key' : 'add constraint'
  return { phase, sql: `alter table ${nameSql(table)} add constraint ${quote(name)} ${constraintSql(constraint)}` }
}
