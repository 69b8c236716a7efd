import { AdqlError } from '../../adql/error.ts'
import type { FunctionSet } from '../../adql/functions/function-set.ts'
import type { QservPlacement, TableMetadata } from '../../adql/metadata.ts'
import { toQserv } from '../../adql/qserv.ts'
import { resolveQuery } from '../../adql/resolve.ts'
import type { ResolvedQuery, ResultColumn } from '../../adql/resolved.ts'
import type { Query } from '../../adql/syntax.ts'
import { type TableMention, tableMentions } from '../../adql/table-mentions.ts'
import { TableSet } from '../../adql/table-set.ts'
import type { ResultColumn as ScannedColumn } from '../../qserv/result-column.ts'
import { type LiveTables, type LiveTablesSource, planByLatest } from '../live-tables.ts'
import { scannedColumns } from './result-columns.ts'

export interface QservPlanOptions {
  readonly functions: FunctionSet
  /** Schemas, as TAP_SCHEMA calls them, whose tables are in PostgreSQL; TAP_SCHEMA itself always is. */
  readonly schemas: readonly string[]
  /** How Qserv holds its tables, by their names in TAP_SCHEMA in lower case. */
  readonly placements: ReadonlyMap<string, QservPlacement>
}

/** A query that Qserv can be sent. */
export interface QservPlan<Release extends LiveTables> {
  readonly live: Release
  readonly resolved: ResolvedQuery
  readonly columns: readonly ResultColumn[]
  readonly scanned: readonly ScannedColumn[]
  /** All that it reads. */
  readonly tables: ReadonlySet<TableMetadata>
  readonly sql: string
}

/**
 * Binds a query to the tables that are live, and translates it where Qserv has them. null: PostgreSQL answers it.
 *
 * @param carried what it can name beside the tables of the service
 * @param limit rows that are asked for, at most
 * @throws AdqlError, also for a query that needs both, QueryServiceError
 */
export async function planForQserv<Release extends LiveTables>(
  parsed: Query,
  liveTables: LiveTablesSource<Release>,
  carried: readonly TableMetadata[],
  limit: number,
  options: QservPlanOptions,
): Promise<QservPlan<Release> | null> {
  return planByLatest(liveTables, planBy)

  function planBy(live: Release): QservPlan<Release> | null {
    const tables = withPlacements(live, options.placements).with(carried)
    const resolved = resolveQuery(parsed, tables, { functions: options.functions })
    const mentions = tableMentions(resolved)
    if (!isForQserv(mentions, live, options)) return null
    const sql = toQserv(resolved, { maxRows: BigInt(limit) })
    const read = new Set(mentions.map(({ table }) => table))
    const { columns } = resolved
    return { live, resolved, columns, scanned: scannedColumns(columns), tables: read, sql }
  }
}

/** Uploads go where the other tables are; a query without any other is PostgreSQL's. */
function isForQserv(mentions: readonly TableMention[], live: LiveTables, { schemas }: QservPlanOptions): boolean {
  const stored = mentions.filter(({ table }) => table.upload !== true)
  const isLocal = ({ table }: TableMention) => live.slotTables.has(table) || schemas.includes(table.schema.text)
  const [local, remote] = [stored.find(isLocal), stored.find((mention) => !isLocal(mention))]
  if (local !== undefined && remote !== undefined) {
    const [first, second] = [local, remote].sort((a, b) => a.span.start - b.span.start)
    const message = `${first?.table.tapName} and ${second?.table.tapName} cannot be in one query here: ${local.table.tapName} is answered by PostgreSQL, ${remote.table.tapName} by Qserv. Query one of them at a time.`
    throw new AdqlError('unsupported', message, (second ?? remote).span, { reason: 'other-service' })
  }
  return remote !== undefined
}

const PLACED = new WeakMap<LiveTables, TableSet>()

function withPlacements(live: LiveTables, placements: QservPlanOptions['placements']): TableSet {
  if (placements.size === 0) return live.tables
  const known = PLACED.get(live)
  if (known !== undefined) return known
  const tables = live.tables.tables.map((table) => {
    const qserv = placements.get(table.tapName.toLowerCase())
    return qserv === undefined ? table : { ...table, qserv }
  })
  const placed = new TableSet(tables)
  PLACED.set(live, placed)
  return placed
}
