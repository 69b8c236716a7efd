import { nearMisses } from '../near-miss.ts'
import { AdqlError } from './error.ts'
import { nameMeans, type TableMetadata } from './metadata.ts'
import { writtenPath } from './names.ts'
import type { Name, QualifiedName } from './syntax.ts'

/** The tables that queries may name, found by the rules of ADQL. Build it once for many queries. */
export class TableSet {
  readonly tables: readonly TableMetadata[]
  readonly #byLowerName: ReadonlyMap<string, readonly TableMetadata[]>

  constructor(tables: readonly TableMetadata[]) {
    this.tables = tables
    this.#byLowerName = Map.groupBy(tables, (table) => table.name.text.toLowerCase())
  }

  /** This set with more tables: the uploads of one query. */
  with(more: readonly TableMetadata[]): TableSet {
    return more.length === 0 ? this : new TableSet([...this.tables, ...more])
  }

  /**
   * The table that a name means: with catalog and schema, with its schema, or bare where no other schema has one.
   *
   * @throws AdqlError of kind `unknown-table` with the near misses, or `ambiguous-table`
   */
  find(name: QualifiedName): TableMetadata {
    const found = this.#matches(name)
    const [first, second] = found
    if (first === undefined) throw this.#unknown(name)
    if (second === undefined) return first
    const names = found.map(({ tapName }) => tapName)
    throw new AdqlError(
      'ambiguous-table',
      `${writtenPath(name)} may be ${listOf(names, 'or')}: write the schema too.`,
      name.span,
      { suggestions: names },
    )
  }

  #matches({ parts }: QualifiedName): readonly TableMetadata[] {
    const last = parts.at(-1)
    const candidates = this.#byLowerName.get(last?.text.toLowerCase() ?? '') ?? []
    return candidates.filter((table) => partsMean(parts, table))
  }

  #unknown(name: QualifiedName): AdqlError {
    const written = writtenPath(name)
    const suggestions = this.#nearTables(name)
    const schemas = new Set(this.tables.map(({ schema }) => schema.text))
    const schema = name.parts.at(-2)
    const noSchema = schema !== undefined && !this.tables.some((table) => nameMeans(schema, table.schema))
    const known =
      noSchema && schemas.size > 0 && schemas.size <= 8 ? ` The schemas are ${listOf([...schemas], 'and')}.` : ''
    const fault = noSchema
      ? `There is no schema ${schema.text}, so no table ${written}.`
      : `There is no table ${written}.`
    return new AdqlError('unknown-table', `${fault}${didYouMean(suggestions) || known}`, name.span, { suggestions })
  }

  /** Tables of the same bare name elsewhere or in other quotes, or else those whose name is near. */
  #nearTables({ parts }: QualifiedName): string[] {
    const path = parts.map(({ text }) => text).join('.')
    const last = parts.at(-1)?.text ?? ''
    const sameName = (this.#byLowerName.get(last.toLowerCase()) ?? []).map(({ tapName }) => tapName)
    if (sameName.length > 0) return sameName.slice(0, 3)
    const byPath = new Map<string, string>()
    for (const { schema, name, tapName } of this.tables) {
      byPath.set(parts.length > 1 ? `${schema.text}.${name.text}` : name.text, tapName)
    }
    return nearMisses(path, byPath.keys()).map((near) => byPath.get(near) ?? near)
  }
}

function partsMean(parts: readonly Name[], table: TableMetadata): boolean {
  const [name, schema, catalog] = parts.toReversed()
  if (name === undefined || !nameMeans(name, table.name)) return false
  if (schema !== undefined && !nameMeans(schema, table.schema)) return false
  return catalog === undefined || (table.catalog !== undefined && nameMeans(catalog, table.catalog))
}

/** `a, b or c` */
export function listOf(words: readonly string[], last: 'and' | 'or'): string {
  const front = words.slice(0, -1)
  return front.length === 0 ? (words[0] ?? '') : `${front.join(', ')} ${last} ${words.at(-1)}`
}

/** ` Did you mean a or b?`, or nothing. */
export function didYouMean(suggestions: readonly string[]): string {
  return suggestions.length === 0 ? '' : ` Did you mean ${listOf(suggestions, 'or')}?`
}
