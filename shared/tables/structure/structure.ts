/** A table of a database as its definition says: what rows it takes, and how they are found. Names are as spelt there. */
export interface TableStructure {
  readonly schema: string
  readonly name: string
  readonly columns: ReadonlyMap<string, ColumnStructure>
  readonly primaryKey: PrimaryKey | null
  readonly constraints: ReadonlyMap<string, ConstraintStructure>
  /** Name → what comes behind `on TABLE`: `("ra", "dec")`, `using gist (…)`. */
  readonly indexes: ReadonlyMap<string, string>
}

export interface ColumnStructure {
  /** In SQL, with its length or precision: `varchar(7)`. */
  readonly type: string
  readonly nullable: boolean
  /** In SQL; null: none. */
  readonly default: string | null
  /** Whether new rows number themselves, and how. */
  readonly autoincrement: 'serial' | 'identity' | null
}

export interface PrimaryKey {
  readonly name: string
  readonly columns: readonly string[]
}

export type ConstraintStructure = UniqueStructure | CheckStructure | ForeignKeyStructure

export interface UniqueStructure {
  readonly kind: 'unique'
  readonly columns: readonly string[]
  readonly deferral: Deferral
}

export interface CheckStructure {
  readonly kind: 'check'
  readonly expression: string
}

export interface ForeignKeyStructure {
  readonly kind: 'foreign key'
  readonly columns: readonly string[]
  readonly target: { readonly schema: string; readonly name: string }
  readonly targetColumns: readonly string[]
  readonly onDelete: string
  readonly onUpdate: string
  readonly deferral: Deferral
}

/** As SQL has it; `''` is `not deferrable`, and `deferrable` alone begins as `immediate`. */
export type Deferral = '' | 'deferrable' | 'deferrable initially deferred'

/** What is done with rows that refer to one that goes, where nothing else is said. */
export const NO_ACTION = 'no action'
