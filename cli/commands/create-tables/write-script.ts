import { writeFile } from 'node:fs/promises'
import type { Schema } from '../../../shared/felis/model.ts'
import type { CreateTablesOptions } from '../../../shared/tables/create-tables.ts'
import { createSchema, planTables } from '../../../shared/tables/plan.ts'
import { describeFileError } from '../../terminal/file-error.ts'
import { UsageError } from '../../terminal/usage-error.ts'

/**
 * Writes the statements as one transaction for psql, to a file or to standard output.
 *
 * @throws UsageError when the file cannot be written
 */
export async function writeScript(
  schemas: readonly Schema[],
  options: CreateTablesOptions,
  file: string | undefined,
): Promise<void> {
  const geometry = options.geometry === 'auto' ? 'portable' : options.geometry
  const plan = planTables(schemas, { ...options, geometry })
  const schemasFirst = [...new Set(plan.schemas)].map(createSchema)
  const script = `${['begin', ...schemasFirst, ...plan.statements, ...plan.comments, 'commit'].join(';\n')};\n`
  if (file === undefined) {
    process.stdout.write(script)
    return
  }
  await writeFile(file, script).catch((error: unknown) => {
    throw new UsageError(`cannot write ${file}: ${describeFileError(error) ?? String(error)}`, error)
  })
}
