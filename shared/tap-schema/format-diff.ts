import { showControls } from '../printable.ts'
import type { ItemKind } from './contents.ts'
import type { DiffSide, SchemaDiff } from './diff.ts'
import type { Change } from './diff-contents.ts'

/** A diff for people: a heading, one line a change, breaking ones marked with `!`, and a summary. No name in it steers. */
export function formatDiff(diff: SchemaDiff): string {
  const heading = `${sideName(diff.from)} -> ${sideName(diff.to)}`
  const beside = [
    ...(diff.leftOut ?? []).map((name) => `! reader ${name} would lose read access in a swap`),
    ...(diff.others ?? []).map(
      (object) => `! ${object} is not part of a release and would be moved to the previous slot`,
    ),
  ]
  if (diff.changes.length === 0) return joinLines([heading, ...beside, 'no changes'])
  const whole = wholeTables(diff.changes)
  const lines = diff.changes
    .filter((change) => !isInside(change, whole))
    .flatMap((change) => changeLines(change, whole))
  return joinLines([heading, ...beside, ...lines, summary(diff.changes)])
}

function joinLines(lines: readonly string[]): string {
  return `${lines.map(showControls).join('\n')}\n`
}

function sideName({ slot, version, id }: DiffSide): string {
  return `${slot} (${version ?? 'empty'}${id == null ? '' : `, id ${id}`})`
}

/** Tables that come or go whole, with the number of their columns, which need no lines of their own. */
function wholeTables(changes: readonly Change[]): ReadonlyMap<string, number> {
  const tables = new Map<string, number>()
  for (const { kind, change, name } of changes) if (kind === 'table' && isWhole(change)) tables.set(name, 0)
  for (const { kind, change, name } of changes) {
    const table = kind === 'column' && isWhole(change) ? tableOf(name, tables) : undefined
    if (table !== undefined) tables.set(table, (tables.get(table) ?? 0) + 1)
  }
  return tables
}

function isWhole(change: Change['change']): boolean {
  return change === 'added' || change === 'removed'
}

/** Names hold dots of their own, so the table is found by trying. */
function tableOf(column: string, tables: ReadonlyMap<string, number>): string | undefined {
  for (let end = column.lastIndexOf('.'); end > 0; end = column.lastIndexOf('.', end - 1)) {
    if (tables.has(column.slice(0, end))) return column.slice(0, end)
  }
  return undefined
}

function isInside(change: Change, whole: ReadonlyMap<string, number>): boolean {
  return change.kind === 'column' && isWhole(change.change) && tableOf(change.name, whole) !== undefined
}

const SIGNS: Readonly<Record<Change['change'], string>> = {
  added: '+',
  removed: '-',
  changed: '~',
  renamed: '~',
}

function changeLines(change: Change, whole: ReadonlyMap<string, number>): string[] {
  const columns = change.kind === 'table' ? whole.get(change.name) : undefined
  const size = columns === undefined ? '' : ` (${columns} ${columns === 1 ? 'column' : 'columns'})`
  const former = change.formerName === undefined ? '' : ` (renamed from ${change.formerName})`
  const line = `${change.breaking ? '!' : ' '} ${SIGNS[change.change]} ${change.kind} ${change.name}${size}${former}`
  const fields = Object.entries(change.fields ?? {}).map(
    ([name, { from, to, breaking }]) => `${breaking ? '!' : ' '}     ${name}: ${cell(from)} -> ${cell(to)}`,
  )
  return [line, ...fields]
}

function cell(value: string | number | null): string {
  if (value === null) return '(none)'
  return typeof value === 'number' ? String(value) : JSON.stringify(value)
}

function summary(changes: readonly Change[]): string {
  const counts = new Map<string, number>()
  for (const { kind, change } of changes) {
    const key = `${change} ${kind}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  const parts = [...counts].map(([key, count]) => {
    const [change, kind] = key.split(' ') as [Change['change'], ItemKind]
    return `${count} ${count === 1 ? kind : PLURALS[kind]} ${change}`
  })
  const breaking = changes.filter((change) => change.breaking).length
  return `${parts.join(', ')}; ${breaking === 0 ? 'compatible' : `${breaking} breaking`}`
}

const PLURALS: Readonly<Record<ItemKind, string>> = {
  schema: 'schemas',
  table: 'tables',
  column: 'columns',
  key: 'keys',
}
