import { AdqlError } from '../../adql/error.ts'
import type { FunctionSet } from '../../adql/functions/function-set.ts'
import type { TableMetadata } from '../../adql/metadata.ts'
import type { FindBounds } from '../../adql/postgresql/context.ts'
import { toPostgresql } from '../../adql/postgresql.ts'
import { resolveQuery } from '../../adql/resolve.ts'
import type { ResultColumn } from '../../adql/resolved.ts'
import type { Query } from '../../adql/syntax.ts'
import { type TableMention, tableMentions } from '../../adql/table-mentions.ts'
import type { LiveTables } from '../live-tables.ts'
import type { NamedTables } from '../user-tables.ts'
import type { ServerFacts } from './probe.ts'

/** What the planner knows of the service. */
export interface PlanOptions {
  readonly functions: FunctionSet
  /** Schemas, as TAP_SCHEMA calls them, whose tables are in the database of the service; null: all. */
  readonly schemas: readonly string[] | null
  /** Whether TAP_SCHEMA lies in the database of the data, so that both can be joined. */
  readonly slotBesideData: boolean
}

/** A query that can be sent. */
export interface Plan {
  readonly columns: readonly ResultColumn[]
  readonly copySql: string
  /** The tables that it reads, as TAP_SCHEMA calls them. */
  readonly tables: readonly string[]
  /** Those of them that users keep. */
  readonly userTables: readonly TableMetadata[]
  /** Statements without rows that come before the query in its transaction: they let it read tables of users. */
  readonly preparation: readonly string[]
  readonly readsSlot: boolean
}

/**
 * Binds a query's names to the tables that are live, and translates it.
 *
 * @param maxRows as in QueryRequest
 * @throws AdqlError
 */
export function planQuery(
  parsed: Query,
  live: NamedTables,
  { geometry, bounds }: Pick<ServerFacts, 'geometry' | 'bounds'>,
  maxRows: number,
  options: PlanOptions,
): Plan {
  const resolved = resolveQuery(parsed, live.tables, { functions: options.functions })
  const mentions = tableMentions(resolved)
  checkPlaces(mentions, live, options)
  const mentioned = new Set(mentions.map(({ table }) => table))
  const userTables = live.userTables?.tables.filter((table) => mentioned.has(table)) ?? []
  const most = BigInt(maxRows === 0 ? 0 : maxRows + 1)
  const sql = toPostgresql(resolved, { geometry, findBounds: boundsIn(bounds), maxRows: most })
  return {
    columns: resolved.columns,
    copySql: `copy (${withUnions(sql, mentions, live)}) to stdout (format binary)`,
    tables: [...new Set([...mentioned].map(({ tapName }) => tapName))],
    userTables,
    preparation: live.userTables === undefined || userTables.length === 0 ? [] : [live.userTables.letRead(userTables)],
    readsSlot: mentions.some(({ table }) => live.slotTables.has(table)),
  }
}

/** What the query reads of TAP_SCHEMA that the slot alone does not have goes in front of it. */
function withUnions(sql: string, mentions: readonly TableMention[], { unions }: NamedTables): string {
  const needed = new Set(mentions.flatMap(({ table }) => unions.get(table) ?? []))
  if (needed.size === 0) return sql
  // A query has one WITH; names of ours are not among those of its own.
  const rest = /^with /i.test(sql) ? `,\n${sql.slice('with '.length)}` : `\n${sql}`
  return `with ${[...needed].join(',\n')}${rest}`
}

function boundsIn(bounds: ServerFacts['bounds']): FindBounds {
  return ({ schema, name, physical }, column) => {
    const table = [physical?.schema ?? schema.text, physical?.name ?? name.text]
    return bounds.get([...table, column.physical ?? column.name.text].join('.'))
  }
}

/** All tables of a query must be where it is answered. */
function checkPlaces(mentions: readonly TableMention[], live: LiveTables, options: PlanOptions): void {
  const { schemas, slotBesideData } = options
  const isOwn = ({ table }: TableMention) => live.slotTables.has(table)
  const own = mentions.find(isOwn)
  for (const mention of mentions) {
    if (isOwn(mention) || mention.table.upload === true) continue
    const { tapName, schema } = mention.table
    if (schemas !== null && !schemas.includes(schema.text)) {
      throw new AdqlError('unsupported', `Tables of ${schema.text} cannot be queried here.`, mention.span, {
        reason: 'schema-elsewhere',
      })
    }
    if (own !== undefined && !slotBesideData) {
      const message = `${tapName} and ${own.table.tapName} are in different databases here: query one of them at a time.`
      throw new AdqlError('unsupported', message, mention.span, { reason: 'other-database' })
    }
  }
}
