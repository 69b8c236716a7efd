import { below } from '../location.ts'
import type { Resource, Schema, SchemaVersion } from '../model.ts'
import { type Fields, nested, objectReader } from '../read-object.ts'
import { list, mapping, notText, refuseAll, text } from '../readers.ts'
import type { Reader } from '../reading.ts'
import { describeValue, isYamlMap } from '../yaml/values.ts'
import { BASE_FIELDS, BASE_RULES, deriveId } from './base.ts'
import { namedList, readTable } from './table.ts'

const texts = list(text)

const readVersion = objectReader<SchemaVersion>({
  noun: 'a schema version',
  fields: {
    current: { name: 'current', read: text },
    compatible: { name: 'compatible', read: texts, initial: [] },
    readCompatible: { name: 'read_compatible', read: texts, initial: [] },
  },
  unknownKeys: 'ignored',
  rules: [],
})

const version: Reader<Schema['version']> = (value, parent, key, reading) => {
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
}

const readResource = nested(
  objectReader<Resource>({
    noun: 'a resource',
    fields: { uri: { name: 'uri', read: text } },
    unknownKeys: 'ignored',
    rules: [],
  }),
)

const FIELDS: Fields<Schema> = {
  ...BASE_FIELDS,
  version: { name: 'version', read: version, initial: null },
  resources: { name: 'resources', read: mapping(readResource), initial: new Map() },
  tables: {
    name: 'tables',
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
