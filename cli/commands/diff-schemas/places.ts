import type { Draft } from '../../../shared/felis/location.ts'
import type { FelisObject, Schema } from '../../../shared/felis/model.ts'
import type { LoadedSide } from '../../felis-files/load-side.ts'
import type { Place } from './files-diff.ts'

/**
 * Finds where something is written: a schema, table, column, constraint or index by its full name; of what is not there
 * any more, what it was in.
 */
export function placesOf({ schemas, pathOf }: LoadedSide): (name: string) => Place | undefined {
  const places = new Map<string, Place>()
  for (const loaded of schemas) {
    if (loaded.schema === null) continue
    const named = namedObjects(loaded.schema)
    const drafts = named.map(({ object }): Draft => {
      // What came from another file is at the schema that uses it.
      const { loc } = object.origin.file === loaded.file ? object.origin : (loaded.schema ?? object).origin
      return { loc, at: 'value', code: 'place', severity: 'warning', message: '' }
    })
    const file = pathOf(loaded)
    for (const [index, { line }] of loaded.place(drafts).entries()) {
      places.set(named[index]?.name ?? '', line === undefined ? { file } : { file, line })
    }
  }
  return (name) => {
    const plain = name.replace(/^.*\.yaml: /, '')
    for (let end = plain.length; end > 0; end = plain.lastIndexOf('.', end - 1)) {
      const place = places.get(plain.slice(0, end))
      if (place !== undefined) return place
    }
    return undefined
  }
}

interface Named {
  readonly name: string
  readonly object: FelisObject
}

function namedObjects(schema: Schema): readonly Named[] {
  return [
    { name: schema.name, object: schema },
    ...schema.tables.flatMap((table) => {
      const at = `${schema.name}.${table.name}`
      const parts = [...table.columns, ...table.constraints, ...table.indexes]
      return [{ name: at, object: table }, ...parts.map((object) => ({ name: `${at}.${object.name}`, object }))]
    }),
  ]
}
