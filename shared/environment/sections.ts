import { nearMiss } from '../near-miss.ts'
import { mapOf } from './collections.ts'
import type { Place, Report } from './report.ts'
import { asMapping, type Complaint, choiceOf, join, type KeyRow, rowsBelow, type Shape, valueUnder } from './shapes.ts'
import type { Located, LocatedMapping } from './yaml-positions.ts'

/** One key of a section. */
export interface Member<T> {
  readonly shape: Shape<T>
  /** What holds where the key is not there, or null: an error, this value, or what an empty section gives. */
  readonly absent: 'error' | 'empty' | { readonly value: T }
  /** One or two sentences for docs/configuration.md. */
  readonly meaning: string | undefined
}

export type Members = Readonly<Record<string, Member<unknown>>>
type ValueOf<M> = M extends Member<infer T> ? T : never
export type SectionOf<M extends Members> = { readonly [K in keyof M]: ValueOf<M[K]> }

export function required<T>(shape: Shape<T>, meaning?: string): Member<T> {
  return { shape, absent: 'error', meaning }
}

export function optional<T, F>(shape: Shape<T>, fallback: F, meaning?: string): Member<T | F> {
  return { shape, absent: { value: fallback }, meaning }
}

/** A section that is as good as there when it is not: its keys have defaults, or say themselves what is missing. */
export function part<T>(shape: Shape<T>, meaning?: string): Member<T> {
  return { shape, absent: 'empty', meaning }
}

/** Sections under names; none where the key is not there. */
export function named<T>(
  shape: Shape<T>,
  meaning?: string,
  complaintAboutName?: Complaint,
): Member<ReadonlyMap<string, T>> {
  return optional(mapOf(shape, complaintAboutName), new Map<string, T>(), meaning)
}

/** What was found of a section. Some of it may be wrong; that has been reported. */
export interface Found<M extends Members> {
  readonly place: Place
  /** undefined: it is wrong, or missing. */
  value<K extends keyof M & string>(key: K): ValueOf<M[K]> | undefined
  /** Whether the key is in the file with a value, right or wrong. */
  isGiven(key: keyof M & string): boolean
  /** Of the key's value; of the whole section, where there is none. */
  placeOf(key: keyof M & string): Place
  /** undefined: one of the keys is wrong or missing. */
  whole(): SectionOf<M> | undefined
  /** The same for some of the keys. */
  pick<P extends Members>(keys: P): { readonly [K in keyof P]: K extends keyof M ? ValueOf<M[K]> : never } | undefined
}

/** As much of a section as there is, to be looked at with others. */
export function foundOf<M extends Members>(members: M): Shape<Found<M>> {
  return sectionAs(members, (found) => found)
}

/** A mapping of exactly these keys, each in camelCase or snake_case. `make` says what they are together. */
export function sectionAs<M extends Members, T>(
  members: M,
  make: (found: Found<M>, report: Report) => T | undefined,
): Shape<T> {
  return {
    type: 'section',
    rows: (prefix) => rowsOf(members, prefix),
    read: (node, path, report) => {
      const mapping = asMapping(node, path, report)
      if (mapping === undefined) return undefined
      const misspelt = reportUnknownKeys(mapping, spellingsOf(members), path, report)
      return make(readMembers(mapping, members, path, report, misspelt), report)
    },
  }
}

/** The values of the keys as they are; `check` looks at them together. */
export function section<M extends Members>(
  members: M,
  check?: (value: SectionOf<M>, found: Found<M>, report: Report) => void,
): Shape<SectionOf<M>> {
  return sectionAs(members, (found, report) => {
    const value = found.whole()
    if (value !== undefined) check?.(value, found, report)
    return value
  })
}

/** The same with the place where the section is, for those who find fault with it later. */
export function placedSection<M extends Members>(
  members: M,
  check?: (value: SectionOf<M>, found: Found<M>, report: Report) => void,
): Shape<SectionOf<M> & { readonly place: Place }> {
  return sectionAs(members, (found, report) => {
    const value = found.whole()
    if (value === undefined) return undefined
    check?.(value, found, report)
    return { ...value, place: found.place }
  })
}

/** The keys for which the file most likely has others that do not exist. */
function reportUnknownKeys(
  mapping: LocatedMapping,
  names: ReadonlySet<string>,
  path: string,
  report: Report,
): ReadonlySet<string> {
  const misspelt = new Set<string>()
  for (const [name, { at }] of mapping.entries) {
    if (names.has(name)) continue
    const suggestion = nearMiss(name, names)
    report.error(
      'unknown_key',
      { path: join(path, name), at },
      `there is no key ${JSON.stringify(name)} here`,
      suggestion,
    )
    if (suggestion !== undefined) misspelt.add(suggestion)
  }
  return misspelt
}

function readMembers<M extends Members>(
  mapping: LocatedMapping,
  members: M,
  path: string,
  report: Report,
  misspelt: ReadonlySet<string>,
): Found<M> {
  const readings = new Map(
    Object.entries(members).map(([key, member]) => [key, readMember(mapping, key, member, path, report, misspelt)]),
  )
  const place = { path, at: mapping.at }
  const pick = (keys: Members) => {
    const values = Object.keys(keys).map((key) => [key, readings.get(key)?.value] as const)
    return values.some(([, value]) => value === undefined) ? undefined : Object.fromEntries(values)
  }
  // Each value has been read by the member of its key.
  return {
    place,
    value: (key) => readings.get(key)?.value as never,
    isGiven: (key) => readings.get(key)?.place !== undefined,
    placeOf: (key) => readings.get(key)?.place ?? place,
    whole: () => pick(members) as never,
    pick: (keys) => pick(keys) as never,
  }
}

interface Reading<T> {
  readonly value: T | undefined
  /** undefined: the key has no value. */
  readonly place: Place | undefined
}

function readMember<T>(
  mapping: LocatedMapping,
  key: string,
  { shape, absent }: Member<T>,
  path: string,
  report: Report,
  misspelt: ReadonlySet<string>,
): Reading<T> {
  const spellings = [...new Set([key, toSnakeCase(key)])]
  const [found, second] = spellings.flatMap((name) => {
    const entry = mapping.entries.get(name)
    return entry === undefined ? [] : [{ name, ...entry }]
  })
  if (second !== undefined && found !== undefined) {
    const place = { path: join(path, second.name), at: second.at }
    report.error('conflict', place, `${second.name} is the same key as ${found.name}; give it once`)
  }
  if (found !== undefined && (shape.takesNull === true || !isNull(found.value))) {
    const node = valueUnder(found)
    const place = { path: join(path, found.name), at: node.at }
    return { value: shape.read(node, place.path, report), place }
  }
  const place =
    found === undefined ? { path: join(path, key), at: mapping.at } : { path: join(path, found.name), at: found.at }
  if (absent === 'empty') {
    const empty: Located = { kind: 'mapping', at: place.at, entries: new Map() }
    return { value: shape.read(empty, place.path, report), place: undefined }
  }
  if (absent !== 'error') return { value: absent.value, place: undefined }
  if (!spellings.some((name) => misspelt.has(name))) report.error('missing_key', place, `${key} is missing`)
  return { value: undefined, place: undefined }
}

/** A section whose key `tag` says which of several it is; each of them has that key. */
export function tagged<T>(tag: string, meaning: string, choices: Readonly<Record<string, Shape<T>>>): Shape<T> {
  const member = required(choiceOf(choices), meaning)
  return {
    type: 'section',
    rows: (prefix) => {
      const rows = Object.values(choices).flatMap((shape) => shape.rows?.(prefix) ?? [])
      return [...rowsOf({ [tag]: member }, prefix), ...new Map(rows.map((row) => [row.key, row])).values()]
    },
    read: (node, path, report) => {
      const mapping = asMapping(node, path, report)
      if (mapping === undefined) return undefined
      return readMember(mapping, tag, member, path, report, new Set()).value?.read(node, path, report)
    },
  }
}

/** Every name that the keys have. */
function spellingsOf(members: Members): ReadonlySet<string> {
  return new Set(Object.keys(members).flatMap((key) => [key, toSnakeCase(key)]))
}

/** The rows of docs/configuration.md: those of the keys that have a meaning, and of what lies below them. */
export function rowsOf(members: Members, prefix: string): readonly KeyRow[] {
  return Object.entries(members).flatMap(([name, { shape, absent, meaning }]) => {
    if (meaning === undefined) return []
    const key = join(prefix, name)
    const shown = absent === 'error' ? 'required' : absent === 'empty' ? '' : showDefault(shape, absent.value)
    return [{ key, type: shape.type, default: shown, meaning }, ...rowsBelow(shape, key)]
  })
}

function showDefault(shape: Shape<unknown>, value: unknown): string {
  if (value === null || value instanceof Map || value instanceof Set) return ''
  return `\`${shape.show?.(value) ?? (Array.isArray(value) ? JSON.stringify(value) : value)}\``
}

/** `unpackedMiB` → `unpacked_mib`. */
function toSnakeCase(name: string): string {
  return name.replace('MiB', 'Mib').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function isNull(node: Located): boolean {
  return node.kind === 'scalar' && node.value === null
}
