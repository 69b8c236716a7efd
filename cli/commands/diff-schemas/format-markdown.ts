import { showControlsInLines } from '../../../shared/printable.ts'
import type { StructureChange } from '../../../shared/tables/structure/change.ts'
import type { Change } from '../../../shared/tap-schema/diff-contents.ts'
import { describeField } from './describe-change.ts'
import type { FilesDiff } from './files-diff.ts'

/** What a comment of GitHub may have, with room for what is put around it. */
const LONGEST = 60_000
/** Of a description in a row. */
const LONGEST_VALUE = 200

/** A comment: breaking changes in a table, the others and the SQL folded. Nothing in a name or description is markup. */
export function formatMarkdown({ from, to, tapSchema, structure, outside, others }: FilesDiff): string {
  const room = { left: LONGEST }
  const more =
    structure === null && outside > 0 ? `\n${outside} further changes are outside TAP_SCHEMA (\`--structure\`).\n` : ''
  const sections = [
    `## ${code(from.slot)} → ${code(to.slot)}\n`,
    ...(tapSchema === null ? [] : [section('TAP_SCHEMA', tapSchema.changes, room), more]),
    ...(structure === null ? [] : [section('Tables of the database', structure.changes, room)]),
    ...(others.length === 0 ? [] : [`Not described, and left as they are: ${others.map(code).join(', ')}\n`]),
    ...(structure === null || structure.statements.length === 0
      ? []
      : [folded('SQL', sqlBlock(structure.statements, room))]),
  ]
  return sections.filter((text) => text !== '').join('\n')
}

type AnyChange = Change | StructureChange

interface Room {
  left: number
}

function section(title: string, changes: readonly AnyChange[], room: Room): string {
  const breaking = changes.filter((change) => change.breaking)
  const compatible = changes.filter((change) => !change.breaking)
  if (changes.length === 0) return `### ${title}: no changes\n`
  const parts = [
    `### ${title}: ${breaking.length === 0 ? '' : `**${breaking.length} breaking**, `}${compatible.length} compatible\n`,
    ...(breaking.length === 0 ? [] : [table(breaking, room)]),
    ...(compatible.length === 0 ? [] : [folded(`${compatible.length} compatible`, table(compatible, room))]),
  ]
  return parts.join('\n')
}

function table(changes: readonly AnyChange[], room: Room): string {
  const rows: string[] = []
  for (const change of changes) {
    const row = rowOf(change)
    room.left -= row.length + 1
    if (room.left < 0) break
    rows.push(row)
  }
  const left = changes.length - rows.length
  const rest = left === 0 ? '' : `\n… and ${left} more.\n`
  return `| change | of | details |\n|---|---|---|\n${rows.map((row) => `${row}\n`).join('')}${rest}`
}

function rowOf(change: AnyChange): string {
  const details = [
    ...('formerName' in change && change.formerName !== undefined ? [`was ${code(change.formerName)}`] : []),
    ...Object.entries(change.fields ?? {}).map(([name, field]) => code(cut(describeField(name, field)))),
    ...('why' in change && change.why !== undefined ? [change.why] : []),
  ]
  return `| ${change.kind} ${change.change} | ${code(change.name)} | ${details.join('<br>')} |`
}

function cut(text: string): string {
  const characters = [...text]
  return characters.length <= LONGEST_VALUE ? text : `${characters.slice(0, LONGEST_VALUE).join('')}…`
}

/** A code span in a table: as many backquotes around it as it needs, and no bar that ends the cell. */
function code(text: string): string {
  const plain = showControlsInLines(text).replaceAll('\n', ' ').replaceAll('|', '\\|')
  const longest = Math.max(0, ...[...plain.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  const pad = longest > 0 || plain.trim() === '' ? ' ' : ''
  return `${fence}${pad}${plain}${pad}${fence}`
}

function folded(summary: string, content: string): string {
  return `<details><summary>${summary}</summary>\n\n${content}\n</details>\n`
}

function sqlBlock(statements: readonly string[], room: Room): string {
  const text = showControlsInLines(statements.map((sql) => `${sql};`).join('\n'))
  const shown =
    text.length <= room.left ? text : `${text.slice(0, Math.max(0, room.left))}\n-- … cut; --format sql has all of it`
  const longest = Math.max(2, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}sql\n${shown}\n${fence}\n`
}
