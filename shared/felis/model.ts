import type { YamlFloat } from '../yaml/values.ts'
import type { Datatype } from './datatypes.ts'
import type { Origin } from './location.ts'

/**
 * The Felis data model. What a field is called in YAML, which values it takes and where it ends up is in the field
 * tables (`fields/`). Every text is trimmed; absent is null.
 */
export interface FelisObject {
  readonly name: string
  /** `@id`: given, or made from the names. Compared exactly. */
  readonly id: string
  readonly description: string | null
  readonly utype: string | null
  readonly origin: Origin
}

export interface Schema extends FelisObject {
  readonly version: string | SchemaVersion | null
  readonly resources: ReadonlyMap<string, Resource>
  readonly tables: readonly Table[]
}

export interface SchemaVersion {
  readonly current: string
  readonly compatible: readonly string[]
  readonly readCompatible: readonly string[]
}

/** Another schema file, whose columns `columnRefs` can take over. */
export interface Resource {
  readonly uri: string
  readonly origin: Origin
}

export interface Table extends FelisObject {
  /** Column ids. Felis distinguishes a single id from a list of one: only the former makes a column `indexed`. */
  readonly primaryKey: string | readonly string[] | null
  readonly tableIndex: number | null
  readonly mysqlEngine: string | null
  readonly mysqlCharset: string | null
  readonly columnRefs: ColumnRefs
  /** The table's own columns, then the referenced ones. */
  readonly columns: readonly Column[]
  readonly columnGroups: readonly ColumnGroup[]
  readonly constraints: readonly Constraint[]
  readonly indexes: readonly Index[]
}

export interface Column extends FelisObject {
  readonly datatype: Datatype
  readonly length: number | null
  readonly precision: number | null
  readonly nullable: boolean
  /** Default value. */
  readonly value: DefaultValue
  readonly autoincrement: boolean | null
  readonly ucd: string | null
  readonly fitsUnit: string | null
  readonly ivoaUnit: string | null
  readonly columnIndex: number | null
  readonly principal: number | null
  readonly std: number | null
  readonly arraysize: string | null
  readonly xtype: string | null
  readonly votableDatatype: string | null
  readonly mysqlDatatype: string | null
  readonly postgresqlDatatype: string | null
}

export type DefaultValue = string | number | bigint | boolean | YamlFloat | null

export interface ColumnGroup extends FelisObject {
  /** Ids of columns of the same table, or columns written in place. */
  readonly columns: readonly (string | Column)[]
  readonly ucd: string | null
}

interface ConstraintBase extends FelisObject {
  readonly deferrable: boolean
  readonly initially: 'IMMEDIATE' | 'DEFERRED' | null
}

export interface ForeignKeyConstraint extends ConstraintBase {
  readonly kind: 'ForeignKey'
  readonly columns: readonly string[]
  readonly referencedColumns: readonly string[]
  readonly onDelete: string | null
  readonly onUpdate: string | null
}

export interface UniqueConstraint extends ConstraintBase {
  readonly kind: 'Unique'
  readonly columns: readonly string[]
}

export interface CheckConstraint extends ConstraintBase {
  readonly kind: 'Check'
  readonly expression: string
}

export type Constraint = ForeignKeyConstraint | UniqueConstraint | CheckConstraint

export interface Index extends FelisObject {
  readonly columns: readonly string[] | null
  readonly expressions: readonly string[] | null
}

/** Resource name → table name → local column name → where it comes from (null: the column of that name). */
export type ColumnRefs = ReadonlyMap<string, ReadonlyMap<string, ReadonlyMap<string, ColumnRef | null>>>

export interface ColumnRef {
  readonly refName: string | null
  readonly overrides: ColumnOverrides | null
}

/** Only the fields that the file names; an explicit null is there as null. */
export type ColumnOverrides = Partial<
  Pick<Column, 'datatype' | 'length' | 'description' | 'nullable' | 'principal' | 'columnIndex'>
>
