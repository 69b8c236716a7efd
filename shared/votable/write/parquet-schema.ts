import type { ParquetWriter } from 'hyparquet-writer'
import type { Datatype } from '../field.ts'
import { ARRAY, BITS, BYTES, type ColumnPlan } from './column-plan.ts'

type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]['schema'][number]

type ElementType = Pick<SchemaElement, 'type' | 'converted_type'>

const INT32: ElementType = { type: 'INT32' }
const STRING: ElementType = { type: 'BYTE_ARRAY', converted_type: 'UTF8' }
const FLOAT: ElementType = { type: 'FLOAT' }
const DOUBLE: ElementType = { type: 'DOUBLE' }
const BOOLEAN: ElementType = { type: 'BOOLEAN' }

const TYPES: Readonly<Record<Datatype, ElementType>> = {
  boolean: BOOLEAN,
  bit: BOOLEAN,
  unsignedByte: { ...INT32, converted_type: 'UINT_8' },
  short: { ...INT32, converted_type: 'INT_16' },
  int: INT32,
  long: { type: 'INT64' },
  char: STRING,
  unicodeChar: STRING,
  float: FLOAT,
  double: DOUBLE,
  floatComplex: FLOAT,
  doubleComplex: DOUBLE,
}

/** The columns as Parquet has them: arrays are lists, flattened; everything may be NULL, elements of lists too. */
export function parquetSchema(columns: readonly ColumnPlan[]): SchemaElement[] {
  return [{ name: 'schema', num_children: columns.length }, ...columns.flatMap(columnSchema)]
}

function columnSchema(column: ColumnPlan): SchemaElement[] {
  const { name, datatype } = column.field
  const type = TYPES[datatype]
  if (!isList(column)) return [{ name, repetition_type: 'OPTIONAL', ...type }]
  return [
    { name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', repetition_type: 'OPTIONAL', ...type },
  ]
}

export function isList({ cell, count }: ColumnPlan): boolean {
  return cell === ARRAY || cell === BYTES || (cell === BITS && count !== 1)
}
