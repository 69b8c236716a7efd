import { below, type Path } from '../location.ts'
import type { CheckConstraint, Constraint, ForeignKeyConstraint, UniqueConstraint } from '../model.ts'
import { type Field, type Fields, objectReader, type Rule } from '../read-object.ts'
import { boolean, list, nullable, oneOf, text } from '../readers.ts'
import { INVALID, type Reader, type Reading, report } from '../reading.ts'
import { describeValue, isYamlMap, type YamlMap, type YamlValue } from '../yaml/values.ts'
import { BASE_FIELDS, BASE_RULES, deriveId } from './base.ts'

const ACTIONS = ['CASCADE', 'SET NULL', 'SET DEFAULT', 'RESTRICT', 'NO ACTION'] as const
const action: Field<string | null> = { name: 'on_delete', read: nullable(oneOf(ACTIONS)), initial: null }

const SHARED_FIELDS = {
  ...BASE_FIELDS,
  deferrable: { name: 'deferrable', read: boolean, initial: false },
  initially: { name: 'initially', read: nullable(oneOf(['IMMEDIATE', 'DEFERRED'] as const)), initial: null },
} as const

/** The discriminator has been read when the fields are; it only must not count as unknown. */
const kindField = { type: { name: 'type', alias: '@type', read: text, initial: null } }

const FOREIGN_KEY_FIELDS: Fields<ForeignKeyConstraint> = {
  ...SHARED_FIELDS,
  ...kindField,
  columns: { name: 'columns', read: list(text, 1) },
  referencedColumns: { name: 'referenced_columns', alias: 'referencedColumns', read: list(text, 1) },
  onDelete: action,
  onUpdate: { ...action, name: 'on_update' },
}

const UNIQUE_FIELDS: Fields<UniqueConstraint> = {
  ...SHARED_FIELDS,
  ...kindField,
  columns: { name: 'columns', read: list(text) },
}

const CHECK_FIELDS: Fields<CheckConstraint> = {
  ...SHARED_FIELDS,
  ...kindField,
  expression: { name: 'expression', read: text },
}

const SHARED_RULES: readonly Rule<Constraint>[] = [
  ...BASE_RULES,
  {
    find: ({ deferrable, initially }) =>
      initially !== null && !deferrable
        ? [{ code: 'initially_not_deferrable', message: 'INITIALLY clause can only be used if deferrable is True' }]
        : [],
  },
]

const FOREIGN_KEY_RULES: readonly Rule<ForeignKeyConstraint>[] = [
  ...SHARED_RULES,
  {
    find: ({ columns, referencedColumns }) =>
      columns.length === referencedColumns.length
        ? []
        : [
            {
              code: 'key_lengths_differ',
              message: `Columns and referencedColumns must have the same length for a ForeignKey constraint; found ${columns.length} and ${referencedColumns.length}`,
            },
          ],
  },
]

const shared = { unknownKeys: 'refused', derive: deriveId } as const

const READERS = {
  Check: objectReader<CheckConstraint>({
    ...shared,
    noun: 'a Check constraint',
    fields: CHECK_FIELDS,
    rules: SHARED_RULES,
    constant: { kind: 'Check' },
  }),
  ForeignKey: objectReader<ForeignKeyConstraint>({
    ...shared,
    noun: 'a ForeignKey constraint',
    fields: FOREIGN_KEY_FIELDS,
    rules: FOREIGN_KEY_RULES,
    constant: { kind: 'ForeignKey' },
  }),
  Unique: objectReader<UniqueConstraint>({
    ...shared,
    noun: 'a Unique constraint',
    fields: UNIQUE_FIELDS,
    rules: SHARED_RULES,
    constant: { kind: 'Unique' },
  }),
} as const

const KINDS = Object.keys(READERS)

export const readConstraint: Reader<Constraint> = (value, parent, key, reading) => {
  const loc = below(parent, key)
  if (!isYamlMap(value)) {
    const message = `expected a mapping (a constraint), found ${describeValue(value)}`
    report(reading, { loc, code: 'model_attributes_type', message })
    reading.idsUnknown = true
    return INVALID
  }
  const kind = value.get('type') ?? value.get('@type') ?? null
  if (kind !== 'Check' && kind !== 'ForeignKey' && kind !== 'Unique') return refuseKind(value, kind, loc, reading)
  return READERS[kind](value, below(parent, key, `${key}.${kind}`), reading)
}

function refuseKind(written: YamlMap, kind: YamlValue, loc: Path, reading: Reading): typeof INVALID {
  const id = reading.generatedIds.get(written) ?? written.get('@id')
  if (typeof id === 'string') reading.brokenIds.add(id)
  const expected = `a constraint's @type must be one of ${KINDS.join(', ')}`
  if (kind === null) {
    report(reading, { loc, code: 'union_tag_not_found', message: `${expected}; it is missing` })
    return INVALID
  }
  const nearMiss = { word: typeof kind === 'string' ? kind : '', candidates: () => KINDS }
  report(reading, { loc, code: 'union_tag_invalid', message: `${expected}; found ${describeValue(kind)}`, nearMiss })
  return INVALID
}
