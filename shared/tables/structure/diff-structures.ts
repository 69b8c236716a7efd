import { quote } from '../../tap-schema/slots.ts'
import { qualified } from '../sql.ts'
import type { FoundChange, StructureChange } from './change.ts'
import { compareColumns } from './compare-columns.ts'
import { addConstraint, compareConstraints, dropConstraint } from './compare-constraints.ts'
import { createTableSql, nameSql } from './definition-sql.ts'
import { inOrder, type Statement } from './statements.ts'
import type { TableStructure } from './structure.ts'

export interface StructureDiff {
  readonly breaking: boolean
  /** Table by table: new and changed ones first. */
  readonly changes: readonly StructureChange[]
  /** What makes the first structure into the second in PostgreSQL, in an order that works. */
  readonly statements: readonly string[]
}

/** Compares tables: what is different, what of it breaks something, and how those of the first side become the second's. */
export function diffStructures(from: readonly TableStructure[], to: readonly TableStructure[]): StructureDiff {
  const [before, after] = [byName(from), byName(to)]
  const names = [...after.keys(), ...[...before.keys()].filter((name) => !after.has(name))]
  const found = names.flatMap((name): readonly FoundChange[] => {
    const [old, next] = [before.get(name), after.get(name)]
    if (next === undefined) return old === undefined ? [] : [removeTable(old)]
    return old === undefined ? [addTable(next)] : compareTables(old, next)
  })
  const statements = [...found.flatMap((change) => change.statements), ...renewForeignKeys(before, after, found)]
  return {
    breaking: found.some(({ breaking }) => breaking),
    changes: found.map((change) => ({ ...change, statements: inOrder(change.statements) })),
    statements: inOrder(statements),
  }
}

type Tables = ReadonlyMap<string, TableStructure>

function byName(tables: readonly TableStructure[]): Tables {
  return new Map(tables.map((table) => [fullName(table), table]))
}

function fullName({ schema, name }: Pick<TableStructure, 'schema' | 'name'>): string {
  return `${schema}.${name}`
}

function compareTables(from: TableStructure, to: TableStructure): readonly FoundChange[] {
  return [...compareColumns(from, to), ...compareConstraints(from, to), ...compareIndexes(from, to)]
}

function addTable(table: TableStructure): FoundChange {
  const statements: readonly Statement[] = [
    { phase: 'create table', sql: `create schema if not exists ${quote(table.schema)}` },
    { phase: 'create table', sql: createTableSql(table, { ifNotExists: false }) },
    ...[...table.indexes].map(([name, parts]) => createIndex(table, name, parts)),
    ...[...table.constraints].flatMap(([name, constraint]) =>
      constraint.kind === 'foreign key' ? [addConstraint(table, name, constraint)] : [],
    ),
  ]
  return { kind: 'table', change: 'added', name: fullName(table), breaking: false, statements }
}

function removeTable(table: TableStructure): FoundChange {
  const statements: readonly Statement[] = [
    // Tables that are dropped may refer to each other.
    ...[...table.constraints].flatMap(([name, constraint]) =>
      constraint.kind === 'foreign key' ? [dropConstraint(table, name, constraint)] : [],
    ),
    { phase: 'drop table', sql: `drop table ${nameSql(table)}` },
  ]
  return {
    kind: 'table',
    change: 'removed',
    name: fullName(table),
    breaking: true,
    why: 'its rows are lost',
    statements,
  }
}

function compareIndexes(from: TableStructure, to: TableStructure): readonly FoundChange[] {
  const names = [...to.indexes.keys(), ...[...from.indexes.keys()].filter((name) => !to.indexes.has(name))]
  return names.flatMap((name): readonly FoundChange[] => {
    const [before, after] = [from.indexes.get(name), to.indexes.get(name)]
    if (before === after) return []
    const drop = before === undefined ? [] : [dropIndex(from, name)]
    const create = after === undefined ? [] : [createIndex(to, name, after)]
    const about = { kind: 'index', name: `${fullName(to)}.${name}`, breaking: false } as const
    const statements = [...drop, ...create]
    if (before === undefined) return [{ ...about, change: 'added', statements }]
    if (after === undefined) return [{ ...about, change: 'removed', statements }]
    const fields = { columns: { from: before, to: after, breaking: false } }
    return [{ ...about, change: 'changed', fields, statements }]
  })
}

function createIndex(table: TableStructure, name: string, parts: string): Statement {
  return { phase: 'create index', sql: `create index ${quote(name)} on ${nameSql(table)} ${parts}` }
}

function dropIndex({ schema }: TableStructure, name: string): Statement {
  return { phase: 'drop constraint', sql: `drop index ${qualified(schema, name)}` }
}

/**
 * A foreign key that stays holds on to the key that it refers to, and wants columns of types that can be compared: where
 * one of those changes, it is dropped before and made again afterwards.
 */
function renewForeignKeys(before: Tables, after: Tables, found: readonly FoundChange[]): readonly Statement[] {
  const retyped = new Set(found.flatMap(({ name, fields }) => (fields?.type === undefined ? [] : [name])))
  const rekeyed = new Set(
    found.flatMap(({ kind, change, name }) => {
      if (change === 'added' || (kind !== 'unique' && kind !== 'primary key')) return []
      return [kind === 'unique' ? name.slice(0, name.lastIndexOf('.')) : name]
    }),
  )
  return [...after.values()].flatMap((table) =>
    [...table.constraints].flatMap(([name, key]) => {
      const former = before.get(fullName(table))?.constraints.get(name)
      if (key.kind !== 'foreign key' || former?.kind !== 'foreign key') return []
      const target = fullName(key.target)
      const columns = [
        ...key.columns.map((column) => `${fullName(table)}.${column}`),
        ...key.targetColumns.map((column) => `${target}.${column}`),
      ]
      if (!rekeyed.has(target) && !columns.some((column) => retyped.has(column))) return []
      return [dropConstraint(table, name, former), addConstraint(table, name, key)]
    }),
  )
}
