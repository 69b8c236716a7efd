import type { Statement } from './statements.ts'

export type StructureKind = 'table' | 'column' | 'primary key' | 'unique' | 'check' | 'foreign key' | 'index'

/** A difference between two structures. */
export interface StructureChange {
  readonly kind: StructureKind
  readonly change: 'added' | 'removed' | 'changed'
  /** `dp1.Object`, `dp1.Object.coord_ra`, `dp1.Object.fk_source`. */
  readonly name: string
  /** Whether rows that are there, or programs that write or read them today, can fail or lose something. */
  readonly breaking: boolean
  /** How it does, where it is breaking. */
  readonly why?: string
  /** What is different, for `changed`. */
  readonly fields?: Readonly<Record<string, StructureFieldChange>>
  /** The SQL that makes the change in PostgreSQL. */
  readonly statements: readonly string[]
}

export interface StructureFieldChange {
  readonly from: string | boolean | null
  readonly to: string | boolean | null
  readonly breaking: boolean
}

/** A change while it is being put together. */
export interface FoundChange extends Omit<StructureChange, 'statements'> {
  readonly statements: readonly Statement[]
}

/** A field of something that can change, and when that breaks something. */
export interface FieldRule<T> {
  readonly field: string
  readonly value: (thing: T) => string | boolean | null
  /** How the change breaks something; null: it does not. */
  readonly breaks: (from: T, to: T) => string | null
}

export interface ComparedFields {
  readonly fields: Readonly<Record<string, StructureFieldChange>>
  readonly breaking: boolean
  readonly why?: string
}

/** The fields that are different, by a table of rules; null: none is. */
export function compareFields<T>(from: T, to: T, rules: readonly FieldRule<T>[]): ComparedFields | null {
  const changed = rules.filter(({ value }) => value(from) !== value(to))
  if (changed.length === 0) return null
  const reasons = changed.map((rule) => rule.breaks(from, to))
  const fields = changed.map(({ field, value }, index) => {
    return [field, { from: value(from), to: value(to), breaking: reasons[index] !== null }] as const
  })
  const why = reasons.find((reason) => reason !== null)
  return { fields: Object.fromEntries(fields), breaking: why !== undefined, ...(why != null && { why }) }
}
