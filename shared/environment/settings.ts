import { nearMiss } from '../near-miss.ts'
import { REPERTOIRE_KEYS } from './discovery/repertoire-keys.ts'
import type { Field, ValueField } from './field.ts'
import { FIELDS } from './fields.ts'
import { FOREIGN_KEYS } from './foreign-keys.ts'
import { readValue } from './read-value.ts'
import type { Place, Report } from './report.ts'
import type { Shape } from './shapes.ts'
import { toSnakeCase } from './snake-case.ts'
import type { Located, LocatedMapping } from './yaml-positions.ts'

type AnyField = (typeof FIELDS)[number]
type FieldAt<K> = Extract<AnyField, { key: K }>
export type ValueKey = Extract<AnyField, { default: unknown }>['key']

interface ValueTypes {
  text: string
  texts: readonly string[]
  integer: number
  flag: boolean
}

/** What a field holds, by its row of the table: null is possible when it is the default, or means something. */
type ValueAt<K extends ValueKey> =
  | (FieldAt<K> extends { shape: Shape<infer T> }
      ? T
      : FieldAt<K> extends { choices: readonly (infer C)[] }
        ? C
        : ValueTypes[Extract<FieldAt<K>['type'], keyof ValueTypes>])
  | (FieldAt<K> extends { default: null } | { nullable: true } ? null : never)

interface Given {
  readonly value: unknown
  readonly place: Place
}

/** The values of the file (or of one named part of it), with the defaults of the table. */
export class Settings {
  readonly place: Place
  readonly #given = new Map<string, Given>()
  readonly #wrong = new Set<string>()
  readonly #misspelt = new Set<string>()
  readonly #named = new Map<string, Map<string, Settings>>()

  constructor(place: Place) {
    this.place = place
  }

  get<K extends ValueKey>(key: K): ValueAt<K> {
    const given = this.#given.get(key)
    // The table's type of the row is what readValue has checked the value against.
    return (given === undefined ? defaultOf(key) : given.value) as ValueAt<K>
  }

  has(key: ValueKey): boolean {
    return this.#given.has(key)
  }

  /** Whether a value was there, but not one that can be used; that has been reported. */
  wasWrong(key: ValueKey): boolean {
    return this.#wrong.has(key)
  }

  /** Whether a key that is not there was probably meant by one that nobody knows; that has been reported. */
  wasMisspelt(key: ValueKey): boolean {
    return this.#misspelt.has(key)
  }

  /** Where a value is given; the whole part, where it is not. */
  placeOf(key: ValueKey): Place {
    return this.#given.get(key)?.place ?? this.place
  }

  /** The parts of a `named` field, in the order of the file. */
  named(key: Extract<AnyField, { type: 'named' }>['key']): ReadonlyMap<string, Settings> {
    return this.#named.get(key) ?? new Map()
  }

  /** Reads the keys of a mapping against the rows of the table that begin with `prefix`. */
  read(mapping: LocatedMapping, prefix: string, path: string, report: Report): void {
    const fields = childrenOf(prefix)
    const others = prefix === '' ? OTHER_NAMES : []
    const seen = new Map<Field, string>()
    for (const [name, { at, value }] of mapping.entries) {
      if (others.includes(name)) continue
      const place = { path: path === '' ? name : `${path}.${name}`, at }
      const field = fields.get(name)
      if (field === undefined) {
        const suggestion = nearMiss(name, [...fields.keys(), ...others])
        report.error('unknown_key', place, `there is no key ${JSON.stringify(name)} here`, suggestion)
        const meant = fields.get(suggestion ?? '')
        if (meant !== undefined) this.#misspelt.add(meant.key)
        continue
      }
      const other = seen.get(field)
      seen.set(field, name)
      if (other === undefined) this.#take(field, value, place, report)
      else report.error('conflict', place, `${name} is the same key as ${other}; give it once`)
    }
  }

  #take(field: Field, node: Located, place: Place, report: Report): void {
    if ('default' in field) {
      const { value, wrong } = readValue(field, node, place, report)
      if (value !== undefined) this.#given.set(field.key, { value, place: { path: place.path, at: node.at } })
      if (wrong) this.#wrong.add(field.key)
      return
    }
    if (node.kind === 'scalar' && node.value === null) return
    if (node.kind !== 'mapping') {
      report.error('wrong_type', { ...place, at: node.at }, 'must be a mapping')
      return
    }
    if (field.type === 'section') {
      this.read(node, `${field.key}.`, place.path, report)
      return
    }
    const parts = new Map<string, Settings>()
    for (const [name, entry] of node.entries) {
      const part = new Settings({ path: `${place.path}.${name}`, at: entry.at })
      if (entry.value.kind === 'mapping') {
        const before = report.count
        part.read(entry.value, `${field.key}.*.`, part.place.path, report)
        if (part.#given.get(`${field.key}.*.enabled`)?.value === false) report.forgiveValues(before)
        parts.set(name, part)
      } else {
        report.error('wrong_type', part.place, 'must be a mapping')
      }
    }
    this.#named.set(field.key, parts)
  }
}

const ROWS: readonly Field[] = FIELDS

function defaultOf(key: ValueKey): ValueField['default'] {
  const field = ROWS.find((row) => row.key === key)
  return field !== undefined && 'default' in field ? field.default : null
}

/** By both spellings of their names. */
function childrenOf(prefix: string): ReadonlyMap<string, Field> {
  const children = new Map<string, Field>()
  for (const row of ROWS) {
    const name = row.key.slice(prefix.length)
    if (!row.key.startsWith(prefix) || name.includes('.')) continue
    children.set(name, row)
    children.set(toSnakeCase(name), row)
  }
  return children
}

/** Of top-level keys that are not in the table. */
const OTHER_NAMES = [...FOREIGN_KEYS, ...Object.keys(REPERTOIRE_KEYS)].flatMap((name) => [name, toSnakeCase(name)])
