import type { Schema } from '../../../shared/felis/model.ts'
import type { DialectName } from '../../../shared/tables/check-definitions.ts'
import type { CreateTablesOptions } from '../../../shared/tables/create-tables.ts'
import { mysql } from '../../../shared/tables/other-dialects/mysql.ts'
import { planScript } from '../../../shared/tables/other-dialects/plan-script.ts'
import { sqlite } from '../../../shared/tables/other-dialects/sqlite.ts'
import { createSchema, planTables } from '../../../shared/tables/plan.ts'
import { writeOutput } from '../../terminal/write-output.ts'

/**
 * Writes the statements for the client of the database, to a file or to standard output; for PostgreSQL and SQLite as one
 * transaction.
 *
 * @throws UsageError when the file cannot be written
 */
export async function writeScript(
  schemas: readonly Schema[],
  dialect: DialectName,
  options: CreateTablesOptions,
  file: string | undefined,
): Promise<void> {
  const statements =
    dialect === 'postgresql' ? planForPostgresql(schemas, options) : planScript(schemas, OTHERS[dialect], options)
  const script = `${statements.join(';\n')};\n`
  await writeOutput(script, file)
}

const OTHERS = { mysql, sqlite }

function planForPostgresql(schemas: readonly Schema[], options: CreateTablesOptions): readonly string[] {
  const geometry = options.geometry === 'auto' ? 'portable' : options.geometry
  const plan = planTables(schemas, { ...options, geometry })
  return ['begin', ...[...new Set(plan.schemas)].map(createSchema), ...plan.statements, ...plan.comments, 'commit']
}
