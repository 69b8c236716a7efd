import type { YamlMap } from '../../yaml/values.ts'
import type { FelisObject } from '../model.ts'
import type { Fields, Rule } from '../read-object.ts'
import { nullable, text } from '../readers.ts'
import type { Reading } from '../reading.ts'

/** What every named thing of a schema has. */
export const BASE_FIELDS: Fields<FelisObject> = {
  name: { name: 'name', meaning: 'Its name.', read: text },
  id: {
    name: 'id',
    meaning: 'The id by which others refer to it. Made from the names where it is not written: `#table.column`.',
    alias: '@id',
    read: text,
  },
  description: {
    name: 'description',
    meaning: 'What it is, for readers of the schema.',
    tap: 'description',
    read: nullable(text),
    initial: null,
  },
  utype: {
    name: 'votable_utype',
    meaning: 'The utype, its role in a data model of the IVOA.',
    tap: 'utype',
    alias: 'votable:utype',
    read: nullable(text),
    initial: null,
  },
}

export const BASE_RULES: readonly Rule<FelisObject>[] = [
  {
    check: 'description',
    find: ({ description }) =>
      description === null || description === ''
        ? [{ code: 'description_missing', message: 'Description is required and must be non-empty' }]
        : [],
  },
]

/** Adds the `@id` made from the name, where none is written. */
export function deriveId(written: YamlMap, _loc: unknown, reading: Reading): YamlMap | null {
  const id = reading.generatedIds.get(written)
  return id === undefined ? null : new Map([['@id', id]])
}
