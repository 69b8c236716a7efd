import { describeValue, isYamlMap, type YamlMap, type YamlValue } from '../../yaml/values.ts'
import { below, type Path } from '../location.ts'
import type { CheckConstraint, Constraint, ForeignKeyConstraint, UniqueConstraint } from '../model.ts'
import { type Field, type Fields, objectReader, type Rule } from '../read-object.ts'
import { boolean, list, nullable, oneOf, text } from '../readers.ts'
import { INVALID, type Reader, type Reading, report } from '../reading.ts'
import { shaped, shapeOf } from '../shape.ts'
import { BASE_FIELDS, BASE_RULES, deriveId } from './base.ts'

const ACTIONS = ['CASCADE', 'SET NULL', 'SET DEFAULT', 'RESTRICT', 'NO ACTION'] as const
const action: Field<string | null> = {
  name: 'on_delete',
  meaning: 'What happens to a row when the one it refers to is deleted.',
  read: nullable(oneOf(ACTIONS)),
  initial: null,
}

const SHARED_FIELDS = {
  ...BASE_FIELDS,
  deferrable: {
    name: 'deferrable',
    meaning: 'Whether the check may wait until the end of a transaction.',
    read: boolean,
    initial: false,
  },
  initially: {
    name: 'initially',
    meaning: 'When a deferrable constraint is checked, unless a transaction says otherwise.',
    read: nullable(oneOf(['IMMEDIATE', 'DEFERRED'] as const)),
    initial: null,
  },
} as const

/** The discriminator has been read when the fields are; of two spellings both must say the same. */
function kindField(kind: Constraint['kind']): { readonly type: Field<string | null> } {
  return {
    type: {
      name: 'type',
      meaning: 'What kind of constraint it is.',
      alias: '@type',
      read: oneOf([kind]),
      initial: null,
    },
  }
}

const FOREIGN_KEY_FIELDS: Fields<ForeignKeyConstraint> = {
  ...SHARED_FIELDS,
  ...kindField('ForeignKey'),
  columns: { name: 'columns', meaning: 'The ids of the columns that refer to others.', read: list(text, 1) },
  referencedColumns: {
    name: 'referenced_columns',
    meaning: 'The ids of the columns they refer to, in the same order.',
    alias: 'referencedColumns',
    read: list(text, 1),
  },
  onDelete: action,
  onUpdate: {
    ...action,
    name: 'on_update',
    meaning: 'What happens to a row when the key of the one it refers to is changed.',
  },
}

const UNIQUE_FIELDS: Fields<UniqueConstraint> = {
  ...SHARED_FIELDS,
  ...kindField('Unique'),
  columns: { name: 'columns', meaning: 'The ids of the columns whose values together are unique.', read: list(text) },
}

const CHECK_FIELDS: Fields<CheckConstraint> = {
  ...SHARED_FIELDS,
  ...kindField('Check'),
  expression: { name: 'expression', meaning: 'What must hold of every row, in SQL.', read: text },
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

export const readConstraint = shaped<Reader<Constraint>>(
  (value, parent, key, reading) => {
    const loc = below(parent, key)
    if (!isYamlMap(value)) {
      const message = `expected a mapping (a constraint), found ${describeValue(value)}`
      report(reading, { loc, code: 'model_attributes_type', message })
      reading.idsUnknown = true
      return INVALID
    }
    const kind = value.has('type') ? value.get('type') : value.get('@type')
    if (kind !== 'Check' && kind !== 'ForeignKey' && kind !== 'Unique') return refuseKind(value, kind, loc, reading)
    return READERS[kind](value, below(parent, key, `${key}.${kind}`), reading)
  },
  {
    kind: 'tagged',
    kinds: Object.fromEntries(Object.entries(READERS).map(([kind, read]) => [kind, shapeOf(read)])),
  },
)

function refuseKind(written: YamlMap, kind: YamlValue | undefined, loc: Path, reading: Reading): typeof INVALID {
  const id = reading.generatedIds.get(written) ?? written.get('@id')
  if (typeof id === 'string') reading.brokenIds.add(id)
  const expected = `a constraint's @type must be one of ${KINDS.join(', ')}`
  if (kind === undefined) {
    report(reading, { loc, code: 'union_tag_not_found', message: `${expected}; it is missing` })
    return INVALID
  }
  const nearMiss = { word: typeof kind === 'string' ? kind : '', candidates: () => KINDS }
  report(reading, { loc, code: 'union_tag_invalid', message: `${expected}; found ${describeValue(kind)}`, nearMiss })
  return INVALID
}
