import type { Name } from './syntax.ts'
import type { ValueType } from './value-type.ts'

/**
 * The tables that a query may name: those of TAP_SCHEMA in one slot, and uploads. Built once and used for many queries.
 * `TableSet` finds tables by the rules of ADQL (`table-set.ts`); `tablesFromRows` makes them from rows of TAP_SCHEMA
 * (`tables-from-rows.ts`).
 */

/** A name as TAP_SCHEMA declares it: `"Order"` with its quotes is delimited and compares exactly; `ra` does not. */
export interface DeclaredName {
  /** Without quotes. */
  readonly text: string
  readonly delimited: boolean
}

/** Which row of TAP_SCHEMA.columns a value comes from unchanged, spelt as there. */
export interface Origin {
  /** TAP_SCHEMA.columns.table_name, for example `sky."Field"`. */
  readonly table: string
  /** TAP_SCHEMA.columns.column_name, for example `"Order"`. */
  readonly column: string
}

/** What is known of the values of a column, of a table or of a subquery. */
export interface ColumnFacts {
  readonly type: ValueType
  readonly unit?: string
  readonly ucd?: string
  readonly utype?: string
  readonly description?: string
  readonly origin?: Origin
}

/** A column that a name can mean: of a table, of a common table expression or of a derived table. */
export interface SourceColumn extends ColumnFacts {
  readonly name: DeclaredName
}

/** How the query service holds shapes: as text of DALI or STC-S, as float8[] in degrees, or in a type of its extension. */
export interface ShapeStorage {
  readonly as: 'text' | 'array' | 'native'
  /** Exact name of another column that holds the same shapes, to compute with: one with an index. */
  readonly physical?: string
}

export interface ColumnMetadata extends SourceColumn {
  readonly indexed?: boolean
  /** The column's exact name in the query service, where it is not the one that its dialect makes of `name`. */
  readonly physical?: string
  /** Of a column of shapes, where it is known. */
  readonly shape?: ShapeStorage
}

/** Columns that hold one position on the sky, in degrees; the first position of a table is its main one. */
export interface Position {
  readonly longitude: ColumnMetadata
  readonly latitude: ColumnMetadata
  /** Columns of the unit vector of the same position, where the table has them. */
  readonly vector?: readonly [ColumnMetadata, ColumnMetadata, ColumnMetadata]
}

/** How Qserv holds a table: what it can use to visit few chunks. */
export interface QservPlacement {
  readonly kind: 'director' | 'child' | 'replicated' | 'upload'
  /** Column of the director's index, for directors and their children. */
  readonly id?: string
  /** Of a child: the director's TAP_SCHEMA name. */
  readonly director?: string
}

export interface TableMetadata {
  readonly catalog?: DeclaredName
  readonly schema: DeclaredName
  readonly name: DeclaredName
  /** TAP_SCHEMA.tables.table_name: how messages call it, with quotes where ADQL needs them. */
  readonly tapName: string
  readonly description?: string
  readonly columns: ColumnList<ColumnMetadata>
  readonly positions: readonly Position[]
  /** The table's exact schema and name in the query service, where they are not those its dialect makes of the names. */
  readonly physical?: { readonly schema?: string; readonly name: string }
  /** Its columns have values as results have them: shapes are arrays of degrees, text of CHAR(n) is as it came. */
  readonly upload?: true
  readonly qserv?: QservPlacement
}

/** Columns in their order, and by name. */
export class ColumnList<C extends SourceColumn = SourceColumn> {
  readonly all: readonly C[]
  #byLowerName: ReadonlyMap<string, readonly C[]> | undefined

  constructor(all: readonly C[]) {
    this.all = all
  }

  /** The columns that `name` means: none, one, or several that cannot be told apart. */
  find(name: Name): readonly C[] {
    this.#byLowerName ??= Map.groupBy(this.all, (column) => column.name.text.toLowerCase())
    const candidates = this.#byLowerName.get(name.text.toLowerCase()) ?? []
    return candidates.filter((column) => nameMeans(name, column.name))
  }
}

/**
 * Quoted names compare exactly; names without quotes compare without case, and never mean a delimited one that needs
 * its quotes (ADQL 2.1 §2.1.3).
 */
export function nameMeans(written: Name, declared: DeclaredName): boolean {
  if (written.quoted) return written.text === declared.text
  return !declared.delimited && written.text.toLowerCase() === declared.text.toLowerCase()
}
