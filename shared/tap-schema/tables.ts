/**
 * The five standard tables of TAP_SCHEMA (TAP 1.1 §4) as Felis 30 creates them in PostgreSQL, with CADC's extension
 * columns. One row of this table drives the DDL, the row layout, the length check and the self-description rows.
 */
export type TapTableName = 'schemas' | 'tables' | 'columns' | 'keys' | 'key_columns'

/** In the order in which foreign keys allow them to be filled. */
export const TAP_TABLE_NAMES: readonly TapTableName[] = ['schemas', 'tables', 'columns', 'keys', 'key_columns']

export type SqlType = `varchar(${number})` | `char(${number})` | 'integer'

export interface TapColumn {
  readonly name: string
  readonly type: SqlType
  readonly nullable: boolean
  /** The COMMENT on the column; null: none. */
  readonly comment: string | null
  /** Whether the column is one of CADC's, present only when the loader option `extensions` is on. */
  readonly extension: boolean
  /**
   * How the table set describes this column in its own rows; null: it does not. The values are Felis's fixed ones,
   * with widths that differ from the DDL and `"size"` in double quotes, because clients read them today.
   */
  readonly selfDescription: {
    readonly columnIndex: number
    readonly width: number | null
    readonly description: string
  } | null
}

export interface ForeignKey {
  readonly name: string
  readonly column: string
  readonly target: TapTableName
  readonly targetColumn: string
}

export interface TapTable {
  readonly name: TapTableName
  readonly comment: string
  readonly columns: readonly TapColumn[]
  readonly primaryKey: readonly string[]
  readonly foreignKeys: readonly ForeignKey[]
  /** `table_index` in the self-description rows. */
  readonly tableIndex: number
}

/** The text is given only where it differs from the comment. */
type Described = readonly [columnIndex: number, width: number | null, text?: string]

function column(name: string, type: SqlType, comment: string | null, described: Described): TapColumn {
  const [columnIndex, width, text] = described
  const selfDescription = { columnIndex, width, description: text ?? comment ?? '' }
  return { name, type, nullable: true, comment, extension: false, selfDescription }
}

function required(name: string, type: SqlType, comment: string | null, described: Described): TapColumn {
  return { ...column(name, type, comment, described), nullable: false }
}

function extension(name: string, type: SqlType, comment: string): TapColumn {
  return { name, type, nullable: true, comment, extension: true, selfDescription: null }
}

function accessColumns(what: 'schema' | 'table'): TapColumn[] {
  return [
    extension('owner_id', 'char(32)', 'Owner identifier for user-created content'),
    extension('read_anon', 'integer', 'Anonymous read permission flag (0 or 1)'),
    extension('read_only_group', 'char(128)', 'Read-only group identifier'),
    extension('read_write_group', 'char(128)', 'Read-write group identifier'),
    extension('api_created', 'integer', `Flag indicating if ${what} was created via TAP service API (0 or 1)`),
  ]
}

export const TAP_TABLES: readonly TapTable[] = [
  {
    name: 'schemas',
    comment: 'description of schemas in this tableset',
    tableIndex: 100000,
    primaryKey: ['schema_name'],
    foreignKeys: [],
    columns: [
      required('schema_name', 'varchar(64)', 'schema name for reference to tap_schema.schemas', [1, 64]),
      column('utype', 'varchar(512)', 'lists the utypes of schemas in the tableset', [2, 512]),
      column('description', 'varchar(512)', 'describes schemas in the tableset', [3, 512]),
      column('schema_index', 'integer', 'recommended sort order when listing schemas', [4, null]),
      ...accessColumns('schema'),
    ],
  },
  {
    name: 'tables',
    comment: 'description of tables in this tableset',
    tableIndex: 101000,
    primaryKey: ['table_name'],
    foreignKeys: [{ name: 'k1', column: 'schema_name', target: 'schemas', targetColumn: 'schema_name' }],
    columns: [
      required('schema_name', 'varchar(64)', 'the schema this table belongs to', [1, 512]),
      required('table_name', 'varchar(128)', 'the fully qualified table name', [2, 64]),
      required('table_type', 'varchar(8)', 'one of: table view', [3, 8]),
      column('utype', 'varchar(512)', 'lists the utype of tables in the tableset', [4, 512]),
      column('description', 'varchar(512)', 'describes tables in the tableset', [5, 512]),
      column('table_index', 'integer', 'recommended sort order when listing tables', [6, null]),
      ...accessColumns('table'),
      extension('view_target', 'char(128)', 'View target identifier'),
    ],
  },
  {
    name: 'columns',
    comment: 'description of columns in this tableset',
    tableIndex: 102000,
    primaryKey: ['table_name', 'column_name'],
    foreignKeys: [{ name: 'k2', column: 'table_name', target: 'tables', targetColumn: 'table_name' }],
    columns: [
      required('table_name', 'varchar(128)', 'the table this column belongs to', [1, 64]),
      required('column_name', 'varchar(64)', 'the column name', [2, 64]),
      column('utype', 'varchar(512)', 'lists the utypes of columns in the tableset', [3, 512]),
      column('ucd', 'varchar(64)', 'lists the UCDs of columns in the tableset', [4, 64]),
      column('unit', 'varchar(64)', 'lists the unit used for column values in the tableset', [5, 64]),
      column('description', 'varchar(512)', 'describes the columns in the tableset', [6, 512]),
      required('datatype', 'varchar(64)', 'lists the ADQL datatype of columns in the tableset', [7, 64]),
      column('arraysize', 'varchar(16)', 'lists the size of variable-length columns in the tableset', [8, 16]),
      column('xtype', 'varchar(64)', 'a DALI or custom extended type annotation', [7, 64]),
      column('size', 'integer', 'deprecated: use arraysize', [9, null]),
      required('principal', 'integer', 'a principal column; 1 means 1, 0 means 0', [10, null]),
      required('indexed', 'integer', 'an indexed column; 1 means 1, 0 means 0', [11, null]),
      required('std', 'integer', 'a standard column; 1 means 1, 0 means 0', [12, null]),
      column('column_index', 'integer', 'recommended sort order when listing columns', [
        13,
        null,
        'recommended sort order when listing columns of a table',
      ]),
      extension(
        'column_id',
        'char(32)',
        'Globally unique columnID for use as an XML ID attribute on the FIELD in VOTable output',
      ),
    ],
  },
  {
    name: 'keys',
    comment: 'description of foreign keys in this tableset',
    tableIndex: 103000,
    primaryKey: ['key_id'],
    foreignKeys: [
      { name: 'k3', column: 'from_table', target: 'tables', targetColumn: 'table_name' },
      { name: 'k4', column: 'target_table', target: 'tables', targetColumn: 'table_name' },
    ],
    columns: [
      required('key_id', 'varchar(64)', 'unique key to join to tap_schema.key_columns', [1, 64]),
      required('from_table', 'varchar(128)', 'the table with the foreign key', [2, 64]),
      required('target_table', 'varchar(128)', 'the table with the primary key', [3, 64]),
      column('utype', 'varchar(512)', 'lists the utype of keys in the tableset', [4, 512]),
      column('description', 'varchar(512)', 'describes keys in the tableset', [5, 512]),
    ],
  },
  {
    name: 'key_columns',
    comment: 'description of foreign key columns in this tableset',
    tableIndex: 104000,
    primaryKey: [],
    foreignKeys: [{ name: 'k5', column: 'key_id', target: 'keys', targetColumn: 'key_id' }],
    columns: [
      required('key_id', 'varchar(64)', null, [1, 64, 'key to join to tap_schema.keys']),
      required('from_column', 'varchar(64)', null, [2, 64, 'column in the from_table']),
      required('target_column', 'varchar(64)', null, [3, 64, 'column in the target_table']),
    ],
  },
]

export function tapTable(name: TapTableName): TapTable {
  const table = TAP_TABLES.find((candidate) => candidate.name === name)
  if (table === undefined) throw new RangeError(`no TAP_SCHEMA table is called ${name}`)
  return table
}

/** The columns that a table has under the given option, in the order of the DDL and of the rows. */
export function columnsOf(table: TapTable, options: { readonly extensions: boolean }): readonly TapColumn[] {
  return options.extensions ? table.columns : table.columns.filter((column) => !column.extension)
}

/** The number of characters that a text column holds; null for other types. */
export function textLimit(type: SqlType): number | null {
  const match = /^(?:var)?char\((\d+)\)$/.exec(type)
  return match === null ? null : Number(match[1])
}

/** One row of a TAP_SCHEMA table, in the order of `columnsOf(table, options)`. */
export type TapRow = readonly (string | number | null)[]

/** Everything that a slot's five tables hold, self-description rows included. */
export type TapSchemaRows = { readonly [table in TapTableName]: readonly TapRow[] }
