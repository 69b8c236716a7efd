import { abridge, describeValue, isYamlMap, type YamlKey, type YamlMap, type YamlValue } from '../yaml/values.ts'
import type { FelisContext } from './context.ts'
import { below, type Draft, type Origin, type Path } from './location.ts'
import { INVALID, type Reader, type Reading, report, spendItems, spendSuggestion } from './reading.ts'
import { type FieldShape, type Shape, shaped, shapeOf } from './shape.ts'

/** One field of a class of Felis's data model. */
export interface Field<T> extends FieldShape {
  readonly read: Reader<T>
  readonly initial?: T
}

/** All fields of a class, by their name in the model. `origin` is not in the file. */
export type Fields<M> = { readonly [P in Exclude<keyof M, 'origin' | 'kind'>]: Field<M[P]> }

/** What an object-level rule found. */
export interface Finding {
  /** The key of the object that shows it; none: the object as a whole. */
  readonly key?: string
  readonly code: string
  readonly message: string
  readonly suggestion?: string
}

/** A rule about one object whose fields are all right. */
export interface Rule<M> {
  /** The check that must be asked for; none: always. */
  readonly check?: Parameters<FelisContext['checks']['has']>[0]
  readonly find: (object: M, context: FelisContext, maySuggest: () => boolean) => readonly Finding[]
}

export interface ObjectType<M> {
  /** The noun for messages. */
  readonly noun: string
  readonly fields: Fields<M>
  /** What happens to keys that are no field. */
  readonly unknownKeys: 'refused' | 'ignored'
  /** Values that are worked out from what was written, before anything is checked; they go before those written. */
  readonly derive?: (written: YamlMap, loc: Path, reading: Reading) => YamlMap | null
  readonly rules: readonly Rule<M>[]
  /** What every object of the type has besides its fields. */
  readonly constant?: Partial<M>
}

interface Slot {
  readonly property: string
  readonly field: Field<unknown>
  readonly isAlias: boolean
}

/** Reads a mapping that is at `loc`. */
export interface ObjectReader<M> {
  (value: YamlValue, loc: Path, reading: Reading): M | typeof INVALID
  readonly shape?: Shape
}

/** Makes the reader of a class out of its description. */
export function objectReader<M extends object>(type: ObjectType<M>): ObjectReader<M> {
  const fields = Object.entries<Field<unknown>>(type.fields)
  const slots = new Map<string, Slot>()
  for (const [property, field] of fields) {
    slots.set(field.name, { property, field, isAlias: false })
    if (field.alias !== undefined) slots.set(field.alias, { property, field, isAlias: true })
  }
  const required = fields.filter(([, field]) => !('initial' in field))
  const template = {
    ...Object.fromEntries(fields.map(([property, field]) => [property, field.initial])),
    ...type.constant,
    origin: null as Origin | null,
  }

  const { noun, unknownKeys } = type
  return shaped<ObjectReader<M>>(readObject, { kind: 'object', noun, fields: type.fields, unknownKeys })

  function readObject(value: YamlValue, loc: Path, reading: Reading): M | typeof INVALID {
    if (!isYamlMap(value)) {
      const message = `expected a mapping (${type.noun}), found ${describeValue(value)}`
      report(reading, { loc, code: 'model_type', message })
      reading.idsUnknown = true
      return INVALID
    }
    if (!spendItems(reading, value.size, loc)) return INVALID
    const { errors } = reading
    const derived = type.derive?.(value, loc, reading) ?? null
    if (unknownKeys === 'refused') refuseHalfCharacters(value, loc, reading)
    // After an error in what is worked out beforehand, or in a key as such, Felis does not look at the fields.
    const isBeyond = reading.errors > errors
    if (isBeyond) reading.notReportedByFelis += 1
    const object = readFields(value, derived, loc, reading)
    if (isBeyond) reading.notReportedByFelis -= 1
    if (object !== INVALID && reading.errors === errors) applyRules(type.rules, object, loc, reading)
    return object
  }

  function readFields(written: YamlMap, derived: YamlMap | null, loc: Path, reading: Reading): M | typeof INVALID {
    const object: Record<string, unknown> = { ...template, origin: { file: reading.file, loc } }
    for (const [key, content] of written) {
      if (derived?.has(key) === true) continue
      const slot = typeof key === 'string' ? slots.get(key) : undefined
      const alias = slot === undefined || slot.isAlias ? undefined : slot.field.alias
      const isShadowed = alias !== undefined && (written.has(alias) || derived?.has(alias) === true)
      if (slot !== undefined && !isShadowed) take(slot, content, key, object, loc, reading)
      else if (type.unknownKeys === 'refused') refuseKey(type.noun, key, isShadowed ? alias : null, slots, loc, reading)
    }
    for (const [key, content] of derived ?? []) {
      const slot = slots.get(String(key))
      if (slot !== undefined) take(slot, content, key, object, loc, reading)
    }

    let complete = true
    for (const [property, field] of required) {
      if (object[property] === INVALID) complete = false
      else if (object[property] === undefined) {
        complete = false
        // Without a name there is no generated id: one complaint is enough.
        if (property === 'id' && reading.context.idGeneration && object.name === undefined) continue
        report(reading, missing(type.noun, field, loc))
      }
    }
    // Complete means that every required property has been read; every other one has its initial value.
    if (complete) return object as M
    if (typeof object.id === 'string') reading.brokenIds.add(object.id)
    else reading.idsUnknown = true
    return INVALID
  }
}

/** Reads one field; a value that is wrong leaves the initial one, or INVALID where there is none. */
function take(
  { property, field }: Slot,
  content: YamlValue,
  key: YamlKey,
  object: Record<string, unknown>,
  loc: Path,
  reading: Reading,
): void {
  const read = field.read(content, loc, key, reading)
  if (read !== INVALID) object[property] = read
  else if (!('initial' in field)) object[property] = INVALID
}

/** The same, in the place of a field's value or a list's item. */
export function nested<M>(read: ObjectReader<M>): Reader<M> {
  return shaped<Reader<M>>((value, parent, key, reading) => read(value, below(parent, key), reading), shapeOf(read))
}

export function applyRules<M>(rules: readonly Rule<M>[], object: M, loc: Path, reading: Reading): void {
  const { errors } = reading
  for (const rule of rules) {
    if (rule.check !== undefined && !reading.context.checks.has(rule.check)) continue
    for (const { key, ...finding } of rule.find(object, reading.context, () => spendSuggestion(reading))) {
      const place = key === undefined ? loc : below(loc, key)
      report(reading, { loc: place, path: loc, ...finding, notReportedByFelis: reading.errors > errors })
    }
  }
}

function missing(noun: string, field: Field<unknown>, loc: Path): Omit<Draft, 'severity' | 'at'> {
  const written = field.alias ?? field.name
  return { loc: below(loc, written), code: 'missing', message: `${noun} must have '${written}'` }
}

function refuseHalfCharacters(written: YamlMap, loc: Path, reading: Reading): void {
  for (const key of written.keys()) {
    if (typeof key !== 'string' || key.isWellFormed()) continue
    const message = `the key '${abridge(key.toWellFormed())}' has half of a surrogate pair (\\ud800…\\udfff) in it`
    report(reading, { loc: below(loc, key), path: loc, at: 'key', code: 'string_unicode', message })
    return
  }
}

function refuseKey(
  noun: string,
  key: YamlKey,
  alias: string | null | undefined,
  slots: ReadonlyMap<string, Slot>,
  loc: Path,
  reading: Reading,
): void {
  const where = { loc: below(loc, key), at: 'key' } as const
  if (typeof key !== 'string') {
    const message = `the keys of ${noun} are text, and this one is ${describeValue(key)}`
    report(reading, { ...where, code: 'invalid_key', message })
    return
  }
  if (!key.isWellFormed()) return
  const place = { ...where, code: 'extra_forbidden' } as const
  if (alias !== null && alias !== undefined) {
    report(reading, { ...place, message: `'${key}' is another name of '${alias}', which has a value already` })
    return
  }
  const message = `${noun} has no '${abridge(key)}'`
  const names = [...slots].filter(([, slot]) => slot.isAlias || slot.field.alias === undefined).map(([name]) => name)
  report(reading, { ...place, message, nearMiss: { word: key, candidates: () => names } })
}
