import { isYamlMap } from '../../yaml/values.ts'
import { below } from '../location.ts'
import type { ColumnGroup } from '../model.ts'
import { type Fields, nested, objectReader, type Rule } from '../read-object.ts'
import { list, notText, nullable, refuseAll, text } from '../readers.ts'
import { type Reader, report } from '../reading.ts'
import { shaped, shapeOf } from '../shape.ts'
import { BASE_FIELDS, BASE_RULES, deriveId } from './base.ts'
import { readColumn } from './column.ts'
import { ucd } from './ucd.ts'

/** How Felis calls a column that could also be text: by all the checks around it. */
const COLUMN = ['description', 'value', 'units', 'redundant_datatypes', 'precision', 'votable_xtype'].reduce(
  (inner, check) => `function-after[check_${check}(), ${inner}]`,
  'Column',
)

const member = shaped<Reader<ColumnGroup['columns'][number]>>(
  (value, parent, key, reading) => {
    if (!isYamlMap(value)) return text(value, parent, key, reading)
    const { errors } = reading
    const read = readColumn(value, below(parent, key, `${key}.${COLUMN}`), reading)
    // No id is made from the name of such a column; where the name is missing, too, that has not been said yet.
    if (reading.context.idGeneration && !value.has('name') && !value.has('@id') && !value.has('id')) {
      const loc = below(below(parent, key, `${key}.${COLUMN}`), '@id')
      report(reading, { loc, code: 'missing', message: "a column must have '@id'" })
    }
    if (reading.errors > errors) refuseAll(reading, parent, key, [notText(value)])
    return read
  },
  { kind: 'either', of: [shapeOf(text), shapeOf(readColumn)] },
)

const FIELDS: Fields<ColumnGroup> = {
  ...BASE_FIELDS,
  columns: {
    name: 'columns',
    meaning: 'The ids of columns of the same table, or columns written in place.',
    read: list(member, 1),
  },
  ucd: {
    name: 'ivoa_ucd',
    meaning: 'The UCD of the group as a whole.',
    alias: 'ivoa:ucd',
    read: nullable(ucd),
    initial: null,
  },
}

const RULES: readonly Rule<ColumnGroup>[] = [
  ...BASE_RULES,
  {
    find: ({ columns }) =>
      new Set(columns.map(memberId)).size < columns.length
        ? [{ code: 'group_columns_not_unique', message: 'Columns in the group must be unique' }]
        : [],
  },
]

export function memberId(member: ColumnGroup['columns'][number]): string {
  return typeof member === 'string' ? member : member.id
}

export const readColumnGroup = nested(
  objectReader<ColumnGroup>({
    noun: 'a column group',
    fields: FIELDS,
    unknownKeys: 'refused',
    derive: deriveId,
    rules: RULES,
  }),
)
