import type { Column, Constraint, Table } from '../../felis/model.ts'
import { columnType, serialType } from '../column-type.ts'
import { defaultSql } from '../default-value.ts'
import { indexedParts } from '../index-statements.ts'
import { primaryKeyIds, spell } from '../lookup.ts'
import { columnNames, type TableContext } from '../table-context.ts'
import { objectName } from './object-name.ts'
import {
  type ColumnStructure,
  type ConstraintStructure,
  type Deferral,
  NO_ACTION,
  type TableStructure,
} from './structure.ts'

/** The table that a schema describes, as PostgreSQL is to have it. */
export function describeStructure(table: Table, context: TableContext): TableStructure {
  const name = spell(table.name, context.names)
  const keyColumns = columnNames(primaryKeyIds(table), context)
  return {
    schema: spell(context.schema.name, context.names),
    name,
    columns: new Map(table.columns.map((column) => [spell(column.name, context.names), describeColumn(column, table)])),
    primaryKey: keyColumns.length === 0 ? null : { name: objectName([name], 'pkey'), columns: keyColumns },
    constraints: new Map(
      table.constraints.flatMap((constraint) => {
        const described = describeConstraint(constraint, context)
        return described === null ? [] : [[spell(constraint.name, context.names), described] as const]
      }),
    ),
    indexes: new Map(
      table.indexes.map((index) => [spell(index.name, context.names), indexedParts(index, context)] as const),
    ),
  }
}

function describeColumn(column: Column, table: Table): ColumnStructure {
  const type = columnType(column) ?? column.datatype
  return {
    type,
    nullable: column.nullable && !primaryKeyIds(table).includes(column.id),
    default: defaultSql(column),
    autoincrement: isNumbered(column, table) && serialType(type) !== null ? 'serial' : null,
  }
}

/**
 * Whether new rows number themselves: as in Felis, a primary key of one column of integers without a default value that
 * refers to nothing, and a part of a longer one that asks for it.
 */
export function isNumbered({ id, autoincrement, value }: Column, table: Table): boolean {
  const keyIds = primaryKeyIds(table)
  if (!keyIds.includes(id) || autoincrement === false || value !== null) return false
  if (autoincrement === true) return true
  const refers = table.constraints.some((constraint) => {
    return constraint.kind === 'ForeignKey' && constraint.columns.includes(id)
  })
  return keyIds.length === 1 && !refers
}

function describeConstraint(constraint: Constraint, context: TableContext): ConstraintStructure | null {
  const deferral = deferralOf(constraint)
  switch (constraint.kind) {
    case 'Unique':
      return { kind: 'unique', columns: columnNames(constraint.columns, context), deferral }
    // PostgreSQL does not defer checks.
    case 'Check':
      return { kind: 'check', expression: constraint.expression }
    case 'ForeignKey': {
      const target = context.columns.get(constraint.referencedColumns[0] ?? '')?.table
      if (target === undefined) return null
      return {
        kind: 'foreign key',
        columns: columnNames(constraint.columns, context),
        target: { schema: spell(context.schema.name, context.names), name: spell(target.name, context.names) },
        targetColumns: columnNames(constraint.referencedColumns, context),
        onDelete: constraint.onDelete?.toLowerCase() ?? NO_ACTION,
        onUpdate: constraint.onUpdate?.toLowerCase() ?? NO_ACTION,
        deferral,
      }
    }
  }
}

function deferralOf({ deferrable, initially }: Constraint): Deferral {
  if (!deferrable) return ''
  return initially === 'DEFERRED' ? 'deferrable initially deferred' : 'deferrable'
}
