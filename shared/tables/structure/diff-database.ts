import type pg from 'pg'
import type { GeometryStrategy } from '../../adql/postgresql.ts'
import { Failure, messageOf } from '../../failure.ts'
import type { Schema } from '../../felis/model.ts'
import { sqlStateOf } from '../../tap-schema/slot-failures.ts'
import { inTransaction } from '../../tap-schema/transaction.ts'
import { type NameCase, spell } from '../lookup.ts'
import { planTables } from '../plan.ts'
import { useGeometry } from '../use-geometry.ts'
import { diffStructures, type StructureDiff } from './diff-structures.ts'
import { readStructures } from './read-structure.ts'
import type { TableStructure } from './structure.ts'

/** The tables of the schemas cannot be made for a moment, so that they could be compared. */
export class CompareTablesError extends Failure {
  constructor(schema: string, cause: unknown) {
    const state = sqlStateOf(cause)
    const advice = ADVICE[state ?? '']
    super(
      state === null ? 'unavailable' : 'invalid',
      'compare_tables',
      `the tables of ${schema} cannot be compared: ${messageOf(cause)}${state === null ? '' : ` (SQLSTATE ${state})`}${advice === undefined ? '' : `; ${advice}`}`,
      { cause },
    )
  }
}

const TEMPORARY = 'they are made as temporary tables for a moment, for which the login needs'

/** By SQLSTATE (PostgreSQL documentation, appendix A). */
const ADVICE: Readonly<Partial<Record<string, string>>> = {
  '42501': `${TEMPORARY} the right \`temporary\` on the database`,
  '25006': `${TEMPORARY} a server that can be written: not a standby`,
  '42704': 'is the extension that has this type installed?',
}

export interface DatabaseDiff extends StructureDiff {
  /** Tables of the same schemas of which the files say nothing. */
  readonly others: readonly string[]
}

export interface DatabaseDiffOptions {
  readonly geometry: GeometryStrategy | 'auto'
  readonly names: NameCase
}

/**
 * Compares the tables of a database with those that schemas describe: what would have to change there. So that both are
 * spelt alike, PostgreSQL is given the schemas as temporary tables, which are gone before anybody sees them. Nothing is
 * changed.
 *
 * @param schemas those that have passed `checkDefinitions`
 * @throws CompareTablesError, BusyError, ConnectionError
 */
export async function diffDatabase(
  pool: pg.Pool,
  schemas: readonly Schema[],
  { geometry: wish, names }: DatabaseDiffOptions,
): Promise<DatabaseDiff> {
  return inTransaction(pool, 'comparing the tables', async (client) => {
    const geometry = await useGeometry(client, wish)
    const wanted: TableStructure[] = []
    for (const schema of schemas) wanted.push(...(await describeByDatabase(client, schema, { geometry, names })))
    const own = new Map(schemas.map(({ name }) => [spell(name, names), spell(name, names)]))
    const found = await readStructures(client, own)
    const isWanted = ({ schema, name }: TableStructure) =>
      wanted.some((table) => table.schema === schema && table.name === name)
    const others = found.filter((table) => !isWanted(table)).map(({ schema, name }) => `${schema}.${name}`)
    return { ...diffStructures(found.filter(isWanted), wanted), others }
  })
}

/** The schema of the session in which temporary tables are made. */
const TEMPORARY_SCHEMA = 'pg_temp'

async function describeByDatabase(
  client: pg.ClientBase,
  schema: Schema,
  { geometry, names }: { readonly geometry: GeometryStrategy; readonly names: NameCase },
): Promise<readonly TableStructure[]> {
  const plan = planTables([{ ...schema, name: TEMPORARY_SCHEMA }], {
    geometry,
    names,
    ifNotExists: false,
    drop: false,
    readers: [],
  })
  await client.query('savepoint described')
  try {
    for (const text of plan.statements) await client.query({ text, queryMode: 'extended' } as pg.QueryConfig)
    const { rows } = await client.query<{ name: string }>('select pg_my_temp_schema()::regnamespace::text as name')
    return await readStructures(client, new Map([[rows[0]?.name ?? '', spell(schema.name, names)]]))
  } catch (error) {
    throw new CompareTablesError(schema.name, error)
  } finally {
    await client.query('rollback to savepoint described')
  }
}
