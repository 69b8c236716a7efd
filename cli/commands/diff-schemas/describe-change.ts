import type { StructureChange, StructureFieldChange } from '../../../shared/tables/structure/change.ts'
import type { Change, FieldChange } from '../../../shared/tap-schema/diff-contents.ts'

const SIGNS: Readonly<Record<Change['change'], string>> = { added: '+', removed: '-', changed: '~', renamed: '~' }

/** `~ column dp1.Object.coord_ra`. */
export function describeStructureChange({ kind, change, name }: StructureChange): string {
  return `${SIGNS[change]} ${kind} ${name}`
}

/** `type: varchar(7) -> varchar(77)`. */
export function describeField(name: string, { from, to }: StructureFieldChange | FieldChange): string {
  return `${name}: ${showValue(from)} -> ${showValue(to)}`
}

export function showValue(value: StructureFieldChange['from'] | FieldChange['from']): string {
  if (value === null) return '(none)'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return value === '' ? '""' : String(value)
}

export function summariseStructure(changes: readonly StructureChange[]): string {
  const breaking = changes.filter((change) => change.breaking).length
  const count = `${changes.length} ${changes.length === 1 ? 'change' : 'changes'} of the tables`
  return `${count}; ${breaking === 0 ? 'compatible' : `${breaking} breaking`}`
}
