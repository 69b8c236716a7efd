import type { ColumnGroup } from '../model.ts'
import { type Fields, nested, objectReader, type Rule } from '../read-object.ts'
import { list, nullable, text } from '../readers.ts'
import type { Reader } from '../reading.ts'
import { shaped, shapeOf } from '../shape.ts'
import { isYamlMap } from '../yaml/values.ts'
import { BASE_FIELDS, BASE_RULES, deriveId } from './base.ts'
import { readColumn } from './column.ts'

const inPlace = nested(readColumn)

const member = shaped<Reader<ColumnGroup['columns'][number]>>(
  (value, parent, key, reading) => (isYamlMap(value) ? inPlace : text)(value, parent, key, reading),
  { kind: 'either', of: [shapeOf(text), shapeOf(inPlace)] },
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
    read: nullable(text),
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
