import { TableSet } from '../../../shared/adql/table-set.ts'
import { tablesFromRows } from '../../../shared/adql/tables-from-rows.ts'
import { withProgress } from '../../terminal/progress.ts'
import { UsageError } from '../../terminal/usage-error.ts'
import type { Rows } from './catalogue-rows.ts'

/** Where the metadata comes from: none or one of the three. */
export interface MetadataFlags {
  readonly release?: string
  readonly schemas?: readonly string[]
  readonly url?: string
  readonly database?: string
}

/** The tables that queries are resolved against, or none.
 *
 * @throws UsageError, ArchiveError, RejectedError, ConnectionError, or a failure of the TAP service
 */
export async function loadTables(flags: MetadataFlags): Promise<TableSet | undefined> {
  const { release, schemas, url, database } = flags
  const given = [release, url, database].filter((value) => value !== undefined)
  if (given.length > 1) throw new UsageError('--release, --url and --database exclude each other')
  if ((schemas === undefined) !== (release === undefined)) throw new UsageError('--release and --schemas go together')
  if (release !== undefined && schemas !== undefined) {
    const { readReleaseTables } = await import('./release-tables.ts')
    return new TableSet(await withProgress(`reading ${release}`, () => readReleaseTables(release, schemas)))
  }
  if (url !== undefined) {
    const { readServiceTables } = await import('./service-tables.ts')
    return tableSet(await withProgress(`asking ${url}`, () => readServiceTables(url)))
  }
  if (database === undefined) return undefined
  const { readDatabaseTables } = await import('./database-tables.ts')
  return tableSet(await withProgress('reading TAP_SCHEMA', () => readDatabaseTables(database)))
}

function tableSet({ tables, columns }: Rows): TableSet {
  return new TableSet(tablesFromRows(tables, columns))
}
