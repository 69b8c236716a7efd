import { describeValue, isYamlMap } from '../../yaml/values.ts'
import { below } from '../location.ts'
import type { Resource, Schema, SchemaVersion } from '../model.ts'
import { type Fields, nested, objectReader } from '../read-object.ts'
import { exactText, list, mapping, notText, refuseAll, text } from '../readers.ts'
import type { Reader } from '../reading.ts'
import { shaped, shapeOf } from '../shape.ts'
import { BASE_FIELDS, BASE_RULES, deriveId } from './base.ts'
import { namedList, readTable } from './table.ts'

const texts = list(exactText)

const readVersion = objectReader<SchemaVersion>({
  noun: 'a schema version',
  fields: {
    current: { name: 'current', meaning: 'The version of this schema.', read: exactText },
    compatible: {
      name: 'compatible',
      meaning: 'Versions with which this one can be exchanged.',
      read: texts,
      initial: [],
    },
    readCompatible: {
      name: 'read_compatible',
      meaning: 'Versions whose data can be read with this one.',
      read: texts,
      initial: [],
    },
  },
  unknownKeys: 'ignored',
  rules: [],
})

const version = shaped<Reader<Schema['version']>>(
  (value, parent, key, reading) => {
    if (value === null) return null
    if (typeof value === 'string') return text(value, parent, key, reading)
    if (!isYamlMap(value)) {
      const message = `expected a mapping with 'current', or text: write a version in quotes; found ${describeValue(value)}`
      return refuseAll(reading, parent, key, [{ name: 'SchemaVersion', code: 'model_type', message }, notText(value)])
    }
    const { errors } = reading
    const read = readVersion(value, below(parent, key, `${key}.SchemaVersion`), reading)
    if (reading.errors > errors) refuseAll(reading, parent, key, [notText(value)])
    return read
  },
  { kind: 'nullable', of: { kind: 'either', of: [shapeOf(text), shapeOf(readVersion)] } },
)

const readResource = nested(
  objectReader<Resource>({
    noun: 'a resource',
    fields: { uri: { name: 'uri', meaning: 'The file of the other schema, relative to this one.', read: exactText } },
    unknownKeys: 'ignored',
    rules: [],
  }),
)

const FIELDS: Fields<Schema> = {
  ...BASE_FIELDS,
  version: {
    name: 'version',
    meaning: 'The version of the schema: text, or a mapping that also names compatible ones.',
    read: version,
    initial: null,
  },
  resources: {
    name: 'resources',
    meaning: 'Other schemas whose columns can be taken over, by a name of your choice.',
    read: mapping(readResource),
    initial: new Map(),
  },
  tables: {
    name: 'tables',
    meaning: 'The tables of the schema.',
    read: namedList(readTable, 'Table names must be unique', ({ id, columns }) => [
      id,
      ...columns.map((column) => column.id),
    ]),
  },
}

/** Rules that need resources and all tables at once are applied afterwards (`check-schema.ts`). */
export const readSchema = objectReader<Schema>({
  noun: 'a schema',
  fields: FIELDS,
  unknownKeys: 'refused',
  derive: deriveId,
  rules: BASE_RULES,
})
