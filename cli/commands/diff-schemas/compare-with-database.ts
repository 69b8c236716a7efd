import type { GeometryStrategy } from '../../../shared/adql/postgresql.ts'
import { checkDefinitions } from '../../../shared/tables/check-definitions.ts'
import type { NameCase } from '../../../shared/tables/lookup.ts'
import { diffDatabase } from '../../../shared/tables/structure/diff-database.ts'
import { loadSchemas } from '../../felis-files/load-schemas.ts'
import { withProgress } from '../../terminal/progress.ts'
import { hideSecrets } from '../../terminal/secrets.ts'
import { withPool } from '../server/connect.ts'
import type { DatabaseTarget } from '../server/database-options.ts'
import type { FilesDiff } from './files-diff.ts'

/**
 * Compares the tables of a database with those that files describe: what would have to change there.
 *
 * @throws UsageError, InvalidSchemaError, CompareTablesError, ConnectionError
 */
export async function compareWithDatabase(
  path: string,
  target: DatabaseTarget,
  { names, geometry }: { readonly names: NameCase; readonly geometry: GeometryStrategy | 'auto' },
): Promise<FilesDiff> {
  const { schemas } = await loadSchemas([path], undefined, (loaded) => checkDefinitions(loaded, names))
  const compare = () => withPool(target, (pool) => diffDatabase(pool, schemas, { geometry, names }))
  const { others, ...structure } = await withProgress('comparing the tables', compare)
  return {
    from: { slot: describeTarget(target), version: 'as it is' },
    to: { slot: path, version: schemas.length === 1 ? (schemas[0]?.name ?? '') : `${schemas.length} schemas` },
    tapSchema: null,
    structure,
    outside: 0,
    others,
    placeOf: () => undefined,
  }
}

function describeTarget(target: DatabaseTarget): string {
  if (target.kind === 'url') return hideSecrets([target.url])(target.url)
  return `${target.instance}/${target.database}`
}
