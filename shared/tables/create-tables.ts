import type pg from 'pg'
import type { GeometryStrategy } from '../adql/postgresql.ts'
import { Failure, messageOf } from '../failure.ts'
import type { Schema } from '../felis/model.ts'
import { sqlStateOf } from '../tap-schema/slot-failures.ts'
import { inTransaction } from '../tap-schema/transaction.ts'
import { createSchema, planTables, type TableOptions, type TablePlan } from './plan.ts'
import { useGeometry } from './use-geometry.ts'

/** PostgreSQL does not make the tables. Nothing was created. */
export class CreateTablesError extends Failure {
  constructor(statement: string, cause: unknown) {
    const state = sqlStateOf(cause)
    const [start = ''] = statement.split('\n')
    const advice = ADVICE[state ?? '']
    const shown = start.length > 200 ? `${start.slice(0, 200)}…` : start
    super(
      state === null ? 'unavailable' : 'invalid',
      'create_tables',
      `${shown}: ${messageOf(cause)}${state === null ? '' : ` (SQLSTATE ${state})`}${advice === undefined ? '' : `; ${advice}`}; nothing was created`,
      { cause },
    )
  }
}

/** By SQLSTATE (PostgreSQL documentation, appendix A). */
const ADVICE: Readonly<Partial<Record<string, string>>> = {
  '42P07': '--if-not-exists leaves what is there as it is, --drop replaces it',
  '42710': '--if-not-exists leaves what is there as it is, --drop replaces it',
  '42501': 'the login must own the schema, or may create one in this database',
  '2BP01': 'drop first what depends on the tables',
  '42704': 'is the extension that has this type installed, and do these roles exist?',
  '42883': 'is the extension that has this function installed?',
}

export type CreateTablesOptions = Omit<TableOptions, 'geometry'> & {
  /** `auto`: what the database has. */
  readonly geometry: GeometryStrategy | 'auto'
}

export interface CreatedTables {
  readonly plan: TablePlan
  readonly geometry: GeometryStrategy
}

/**
 * Makes the tables of schemas in one transaction.
 *
 * @param schemas those that have passed `checkDefinitions`
 * @throws CreateTablesError, BusyError, ConnectionError
 */
export async function createTables(
  pool: pg.Pool,
  schemas: readonly Schema[],
  options: CreateTablesOptions,
): Promise<CreatedTables> {
  return inTransaction(pool, 'creating the tables', async (client) => {
    // What is made is named with its schema; types and functions are found as usual.
    const geometry = await useGeometry(client, options.geometry)
    const plan = planTables(schemas, { ...options, geometry })
    const { rows } = await client.query<{ nspname: string }>('select nspname from pg_catalog.pg_namespace')
    const present = new Set(rows.map(({ nspname }) => nspname))
    // `if not exists` alone would ask for the right to create schemas also where there is nothing to create.
    const missing = [...new Set(plan.schemas)].filter((name) => !present.has(name))
    for (const statement of [...missing.map(createSchema), ...plan.statements]) await execute(client, statement)
    if (plan.comments.length > 0) await client.query(plan.comments.join(';\n'))
    return { plan, geometry }
  })
}

async function execute(client: pg.ClientBase, text: string): Promise<void> {
  try {
    // The extended protocol takes one statement: what a schema file says in an expression cannot become a second one.
    await client.query({ text, queryMode: 'extended' } as pg.QueryConfig)
  } catch (error) {
    throw new CreateTablesError(text, error)
  }
}
