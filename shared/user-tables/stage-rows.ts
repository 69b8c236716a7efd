import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { QuotaError } from '../uws/quota.ts'
import type { UploadedTable } from '../votable/uploaded-table.ts'
import { readTableUsage, type TableLimits } from './change-tables.ts'
import { DATA_SCHEMA } from './ddl.ts'
import { UserTableError } from './failures.ts'
import type { UserColumn, UserTable } from './user-table.ts'

const STAGED = 'pg_temp.loaded'

/** PostgreSQL may keep rows in less than they are sent as: long texts are packed. */
const MOST_PACKED = 4

/**
 * Puts rows into a table of the transaction's own as they arrive; of rows that can never fit the rest is not awaited.
 *
 * @throws what the rows throw, UserTableError, QuotaError
 */
export async function stageRows(
  client: pg.ClientBase,
  { sqlTypes, rows }: UploadedTable,
  limits: TableLimits,
): Promise<void> {
  const columns = sqlTypes.map((type, index) => `c${index + 1} ${type}`).join(', ')
  await client.query(`create temporary table ${STAGED} (${columns}) on commit drop`)
  const copy = client.query(copyFrom(`copy ${STAGED} from stdin with (format binary)`))
  await pipeline(Readable.from(limited(rows, limits)), copy).catch((error: unknown) => {
    throw explainValues(error)
  })
}

async function* limited(
  rows: AsyncIterable<Uint8Array>,
  limits: TableLimits,
): AsyncGenerator<Uint8Array, void, undefined> {
  const most = limits.tableBytes === undefined ? Number.POSITIVE_INFINITY : MOST_PACKED * limits.tableBytes
  let bytes = 0
  for await (const chunk of rows) {
    bytes += chunk.length
    if (bytes > most) throw new QuotaError('tableBytes', limits)
    yield chunk
  }
}

/** Rows that are taken back leave their pages behind, so that what cannot fit is not written at all. @throws QuotaError */
export async function checkRoom(
  client: pg.ClientBase,
  { server, owner }: Pick<UserTable, 'server' | 'owner'>,
  limits: TableLimits,
): Promise<void> {
  if (limits.tableBytes === undefined) return
  const { tableBytes } = await readTableUsage(client, server, owner)
  const { rows } = await client.query<{ bytes: string }>(`select pg_relation_size('${STAGED}') as bytes`)
  if (tableBytes + Number(rows[0]?.bytes ?? 0) > limits.tableBytes) throw new QuotaError('tableBytes', limits)
}

/** @returns how many rows were added. @throws UserTableError */
export async function appendRows(
  client: pg.ClientBase,
  table: Pick<UserTable, 'id' | 'name' | 'columns'>,
  { fields, sqlTypes }: UploadedTable,
): Promise<number> {
  const targets = fields.map((field, index) => {
    const at = table.columns.findIndex(({ name }) => name.toLowerCase() === field.name.toLowerCase())
    const column = table.columns[at]
    if (column === undefined) {
      const known = table.columns.map(({ name }) => JSON.stringify(name)).join(', ')
      throw new UserTableError(
        'column_not_found',
        `the table ${table.name} has no column ${JSON.stringify(field.name)}, it has ${known}`,
      )
    }
    checkTypes(column, sqlTypes[index] ?? '')
    return { to: `c${at + 1}`, from: `c${index + 1}::${column.sqlType}` }
  })
  const names = targets.map(({ to }) => to)
  if (new Set(names).size < names.length) {
    throw new UserTableError(
      'column_mismatch',
      'two columns of the rows have the same name; names compare without case',
    )
  }
  const { rowCount } = await client
    .query(
      `insert into ${DATA_SCHEMA}.t${table.id} (${names.join(', ')})
       select ${targets.map(({ from }) => from).join(', ')} from ${STAGED}`,
    )
    .catch((error: unknown) => {
      throw explainValues(error)
    })
  await client.query(
    'update user_tables.item set row_count = row_count + $2, changed_at = clock_timestamp() where id = $1',
    [table.id, rowCount],
  )
  return rowCount ?? 0
}

const NUMBERS = ['smallint', 'integer', 'bigint', 'real', 'float8']

/** Numbers become larger ones, or are checked to fit; fractions are never cut off in silence. */
function checkTypes({ name, sqlType }: UserColumn, given: string): void {
  const [from, to] = [NUMBERS.indexOf(given), NUMBERS.indexOf(sqlType)]
  const fits =
    given === sqlType || given === 'text' || sqlType === 'text' || (from >= 0 && to >= 0 && (from < 3 || to >= 3))
  if (fits) return
  throw new UserTableError(
    'column_mismatch',
    `the values for the column ${JSON.stringify(name)} are ${given}, the column is ${sqlType}: send them as that type`,
  )
}

function explainValues(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  const state = String(error.code)
  const explained = (what: string) => new UserTableError('table_values', what, error)
  if (state === '23505') return explained('a value is there already in a column with a unique index')
  // PostgreSQL names the value and the type, or how wide the row is and may be.
  if (state.startsWith('22')) {
    return explained(`a value does not fit the type of its column (${error.message}): nothing was loaded`)
  }
  if (state.startsWith('54')) return explained(`a row is too wide (${error.message}): nothing was loaded`)
  return error
}
