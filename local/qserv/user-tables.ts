import pg from 'pg'
import { badArgument, failedOperation, QservRefusal } from './envelope.ts'

export interface TableColumn {
  readonly name: string
  readonly type: string
}

export interface UserTable {
  readonly database: string
  readonly table: string
  readonly kind: 'replicated' | 'director' | 'dependent'
  /** As they came. */
  readonly parameters: Readonly<Record<string, string>>
  readonly columns: readonly TableColumn[]
  readonly rows: readonly (readonly (string | null)[])[]
}

export interface NewTable {
  readonly database: string
  readonly table: string
  readonly columns: readonly TableColumn[]
  readonly rows: readonly (readonly (string | null)[])[]
  /** `is_partitioned` and the like, as they came. */
  readonly parameters: Readonly<Record<string, string>>
}

/** PostgreSQL's types for those of MySQL. */
const TYPES: readonly (readonly [RegExp, string])[] = [
  [/^BOOL|^TINYINT\(1\)/i, 'boolean'],
  [/^TINYINT|^SMALLINT/i, 'smallint'],
  [/^INT/i, 'integer'],
  [/^BIGINT/i, 'bigint'],
  [/^FLOAT/i, 'real'],
  [/^DOUBLE/i, 'float8'],
  [/^DATETIME|^TIMESTAMP/i, 'timestamp'],
]

/** Tables of users, in the same PostgreSQL as all others (spec/qserv.md §1.7). */
export class UserTables {
  /** What the next ingest fails with, at a worker. */
  workerError: string | null = null
  /** How long an ingest takes before its table is there, whoever still waits for it. */
  ingestMs = 0
  readonly #pool: pg.Pool
  readonly #readers: readonly string[]
  readonly #tables = new Map<string, UserTable>()
  readonly #databases = new Set<string>()
  readonly #busy = new Set<string>()

  constructor(pool: pg.Pool, readers: readonly string[]) {
    this.#pool = pool
    this.#readers = readers
  }

  /** Databases that are there. */
  databases(): readonly string[] {
    return [...this.#databases]
  }

  tables(): readonly UserTable[] {
    return [...this.#tables.values()]
  }

  /** @returns its warning */
  async ingest({ database, table, columns, rows, parameters }: NewTable): Promise<string> {
    checkNames(database, table)
    const kind = kindOf(parameters)
    if (columns.length === 0) throw badArgument('the schema is empty')
    if (this.#busy.has(database)) throw failedOperation(`database ${database} is not published`)
    this.#busy.add(database)
    try {
      if (this.ingestMs > 0) await new Promise((done) => setTimeout(done, this.ingestMs))
      this.#databases.add(database)
      const id = pg.escapeIdentifier
      if (this.workerError !== null) {
        const error = this.workerError
        this.workerError = null
        throw new QservRefusal('ingest failed', { worker_errors: { 'worker-1': error } })
      }
      if (kind === 'dependent') await this.#checkIds(columns, rows, parameters)
      const list = columns.map(({ name, type }) => `${id(name)} ${sqlType(type)}`)
      await this.#pool.query(`create schema if not exists ${id(database)}`)
      await this.#pool.query(`create table ${id(database)}.${id(table)} (${list.join(', ')}, qserv_trans_id integer)`)
      for (const reader of this.#readers) {
        await this.#pool.query(`grant usage on schema ${id(database)} to ${id(reader)};
          grant select on all tables in schema ${id(database)} to ${id(reader)}`)
      }
      const places = columns.map((_, index) => `$${index + 1}`)
      for (const row of rows) {
        await this.#pool.query(`insert into ${id(database)}.${id(table)} values (${places.join(', ')}, 1)`, [...row])
      }
      this.#tables.set(`${database}.${table}`, { database, table, kind, parameters, columns, rows })
      return ''
    } finally {
      this.#busy.delete(database)
    }
  }

  async #checkIds(columns: readonly TableColumn[], rows: NewTable['rows'], parameters: NewTable['parameters']) {
    const { id_col_name: name = '', database = '', ref_director_table: director = '' } = parameters
    const { ref_director_database: schema = database, ref_director_id_col_name: key = '' } = parameters
    const at = columns.findIndex((column) => column.name === name)
    if (at < 0) throw badArgument(`column ${name} is not in the schema`)
    const quote = pg.escapeIdentifier
    const lower = (text: string) => quote(text.toLowerCase())
    for (const row of rows) {
      const { rowCount } = await this.#pool.query(
        `select from ${lower(schema)}.${lower(director)} where ${lower(key)} = $1 limit 1`,
        [row[at]],
      )
      if (rowCount === 0) throw failedOperation(`object id ${row[at]} is not in the director index of ${director}`)
    }
  }

  async dropTable(database: string, table: string): Promise<void> {
    checkNames(database, table)
    const id = pg.escapeIdentifier
    await this.#pool.query(`drop table if exists ${id(database)}.${id(table)}`)
    this.#tables.delete(`${database}.${table}`)
  }

  async dropDatabase(database: string): Promise<void> {
    checkNames(database, 'x')
    if (!this.#databases.has(database)) throw failedOperation(`database ${database} does not exist`)
    await this.#pool.query(`drop schema if exists ${pg.escapeIdentifier(database)} cascade`)
    this.#databases.delete(database)
    for (const key of [...this.#tables.keys()]) if (key.startsWith(`${database}.`)) this.#tables.delete(key)
  }
}

function checkNames(database: string, table: string): void {
  if (!database.startsWith('user_') || database === 'user_') {
    throw badArgument(`database name ${database} must start with user_`)
  }
  if (table === '' || table.startsWith('qserv_')) throw badArgument(`table name ${table} is not allowed`)
  if (database.length + table.length > 56) throw badArgument('the names of database and table are longer than 56')
}

function kindOf(parameters: NewTable['parameters']): UserTable['kind'] {
  const needed = (...names: readonly string[]) => {
    const missing = names.find((name) => (parameters[name] ?? '') === '')
    if (missing !== undefined) throw badArgument(`parameter ${missing} is missing`)
  }
  if ((parameters.is_partitioned ?? '0') === '0') return 'replicated'
  needed('is_director')
  if (parameters.is_director === '1') {
    needed('longitude_col_name', 'latitude_col_name')
    return 'director'
  }
  needed('id_col_name', 'ref_director_table', 'ref_director_id_col_name')
  return 'dependent'
}

function sqlType(type: string): string {
  const known = TYPES.find(([pattern]) => pattern.test(type))
  return known === undefined ? 'text' : known[1]
}
