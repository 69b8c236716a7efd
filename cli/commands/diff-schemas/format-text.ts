import { showControlsInLines } from '../../../shared/printable.ts'
import { formatDiff } from '../../../shared/tap-schema/format-diff.ts'
import { describeDiff } from '../describe-diff.ts'
import { describeField, describeStructureChange, summariseStructure } from './describe-change.ts'
import type { FilesDiff } from './files-diff.ts'

/** For people at a terminal. */
export function formatText(diff: FilesDiff): string {
  const { tapSchema, structure, from, to } = diff
  const parts = [
    ...(tapSchema === null ? [`${from.slot} (${from.version}) -> ${to.slot} (${to.version})`] : [tapSchemaText(diff)]),
    ...(structure === null ? [] : structureLines(diff)),
  ]
  return describeDiff(`${showControlsInLines(parts.join('\n'))}\n`)
}

function tapSchemaText({ tapSchema, structure, outside }: FilesDiff): string {
  const text = tapSchema === null ? '' : formatDiff(tapSchema).trimEnd()
  if (structure !== null) return text.replace(/\nno changes$/, '\nno changes in TAP_SCHEMA')
  if (outside === 0) return text
  const isNone = tapSchema?.changes.length === 0
  const more = `${outside}${isNone ? '' : ' more'} outside it (see --structure)`
  return isNone ? text.replace(/no changes$/, `no changes in TAP_SCHEMA; ${more}`) : `${text}; in TAP_SCHEMA, ${more}`
}

function structureLines({ structure, others }: FilesDiff): readonly string[] {
  if (structure === null) return []
  const beside = others.length === 0 ? [] : [`not described, and left as they are: ${others.join(', ')}`]
  if (structure.changes.length === 0) return ['no changes of the tables', ...beside]
  return [
    'the tables of the database (PostgreSQL):',
    ...structure.changes.flatMap((change) => {
      const mark = change.breaking ? '!' : ' '
      const why = change.why === undefined ? '' : ` (${change.why})`
      const fields = Object.entries(change.fields ?? {}).map(([name, field]) => {
        return `${field.breaking ? '!' : ' '}     ${describeField(name, field)}`
      })
      const statements = change.statements.flatMap((sql) => `${sql};`.split('\n').map((line) => `        ${line}`))
      return [`${mark} ${describeStructureChange(change)}${why}`, ...fields, ...statements]
    }),
    summariseStructure(structure.changes),
    ...beside,
  ]
}
