import { nearMiss } from '../../near-miss.ts'
import { describeNode } from '../read-value.ts'
import type { Place, Report } from '../report.ts'
import { toSnakeCase } from '../snake-case.ts'
import type { Located, LocatedMapping } from '../yaml-positions.ts'

/** Reads one value, which lies at the dotted `path`. undefined: it cannot be used, and that has been reported. */
export type Read<T> = (node: Located, path: string, report: Report) => T | undefined

/** One key of a mapping. */
export interface Member<T> {
  readonly read: Read<T>
  readonly required: boolean
  /** What holds where the key is not there, or null. */
  readonly fallback: T | undefined
}

export type Members = Readonly<Record<string, Member<unknown>>>
export type SectionOf<M extends Members> = { readonly [K in keyof M]: M[K] extends Member<infer T> ? T : never }

export function required<T>(read: Read<T>): Member<T> {
  return { read, required: true, fallback: undefined }
}

export function optional<T, F>(read: Read<T>, fallback: F): Member<T | F> {
  return { read, required: false, fallback }
}

/** A mapping of exactly these keys, each in camelCase or snake_case; `check` looks at it as a whole. */
export function section<M extends Members>(
  members: M,
  check?: (value: SectionOf<M>, place: Place, report: Report) => void,
): Read<SectionOf<M>> {
  return (node, path, report) => {
    const mapping = asMapping(node, path, report)
    if (mapping === undefined) return undefined
    const names = spellingsOf(members)
    for (const [name, { at }] of mapping.entries) {
      if (names.has(name)) continue
      const place = { path: join(path, name), at }
      report.error(
        'unknown_key',
        place,
        `there is no key ${JSON.stringify(name)} here`,
        nearMiss(name, Object.keys(members)),
      )
    }
    const value = readMembers(mapping, members, path, report)
    if (value !== undefined) check?.(value, { path, at: node.at }, report)
    return value
  }
}

/** The values of these keys of a mapping, whatever else is in it. undefined: one of them cannot be used. */
export function readMembers<M extends Members>(
  mapping: LocatedMapping,
  members: M,
  path: string,
  report: Report,
): SectionOf<M> | undefined {
  const values: Record<string, unknown> = {}
  let whole = true
  for (const [key, member] of Object.entries(members)) {
    const value = readMember(mapping, key, member, path, report)
    values[key] = value
    whole &&= value !== undefined
  }
  // Each value has been read by the member of its key.
  return whole ? (values as SectionOf<M>) : undefined
}

function readMember<T>(
  mapping: LocatedMapping,
  key: string,
  { read, required, fallback }: Member<T>,
  path: string,
  report: Report,
): T | undefined {
  const [found, second] = new Set([key, toSnakeCase(key)]).values().flatMap((name) => {
    const entry = mapping.entries.get(name)
    return entry === undefined ? [] : [{ name, ...entry }]
  })
  if (second !== undefined && found !== undefined) {
    const place = { path: join(path, second.name), at: second.at }
    report.error('conflict', place, `${second.name} is the same key as ${found.name}; give it once`)
  }
  if (found !== undefined && !isNull(found.value)) return read(found.value, join(path, found.name), report)
  if (!required) return fallback
  const place =
    found === undefined ? { path: join(path, key), at: mapping.at } : { path: join(path, found.name), at: found.at }
  report.error('missing_key', place, `${key} is missing`)
  return undefined
}

/** A mapping whose keys are names. */
export function mapOf<T>(read: Read<T>, refuseName?: (name: string) => string | null): Read<ReadonlyMap<string, T>> {
  return (node, path, report) => {
    const mapping = asMapping(node, path, report)
    if (mapping === undefined) return undefined
    const values = new Map<string, T>()
    let whole = true
    for (const [name, entry] of mapping.entries) {
      const complaint = refuseName?.(name) ?? null
      if (complaint !== null) {
        report.error('invalid_value', { path: join(path, name), at: entry.at }, `${JSON.stringify(name)} ${complaint}`)
      }
      const value = read(entry.value, join(path, name), report)
      if (value !== undefined) values.set(name, value)
      whole &&= value !== undefined && complaint === null
    }
    return whole ? values : undefined
  }
}

export function listOf<T>(read: Read<T>): Read<readonly T[]> {
  return (node, path, report) => {
    if (node.kind !== 'sequence') {
      report.error('wrong_type', { path, at: node.at }, `must be a list, not ${describeNode(node)}`)
      return undefined
    }
    const values = node.items.map((item, index) => read(item, join(path, String(index)), report))
    const usable = values.filter((value): value is T & {} => value !== undefined)
    return usable.length === values.length ? usable : undefined
  }
}

/** A mapping whose `tag` says which of several it is. */
export function tagged<T>(tag: string, choices: Readonly<Record<string, Read<T>>>): Read<T> {
  return (node, path, report) => {
    const mapping = asMapping(node, path, report)
    if (mapping === undefined) return undefined
    const read = readMember(mapping, tag, required(choiceOf(choices)), path, report)
    return read?.(node, path, report)
  }
}

/** What the text is the name of. */
export function choiceOf<T>(choices: Readonly<Record<string, T>>): Read<T> {
  return (node, path, report) => {
    const text = asText(node, path, report)
    if (text === undefined) return undefined
    if (Object.hasOwn(choices, text)) return choices[text]
    const names = Object.keys(choices)
    const message = `must be one of ${names.join(', ')}, not ${JSON.stringify(text)}`
    report.error('invalid_value', { path, at: node.at }, message, nearMiss(text, names))
    return undefined
  }
}

/** A text of which `refuse` has nothing to say. */
export function text(refuse?: (text: string) => string | null): Read<string> {
  return (node, path, report) => {
    const found = asText(node, path, report)
    if (found === undefined) return undefined
    const complaint = refuse?.(found) ?? null
    if (complaint === null) return found
    report.error('invalid_value', { path, at: node.at }, `${JSON.stringify(found)} ${complaint}`)
    return undefined
  }
}

/** What Repertoire takes for a flag beside true and false: chart parameters often come as text. */
const FLAGS: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  ...[1, '1', 'true', 't', 'yes', 'y', 'on'].map((word) => [word, true] as const),
  ...[0, '0', 'false', 'f', 'no', 'n', 'off'].map((word) => [word, false] as const),
])

export const flag: Read<boolean> = (node, path, report) => {
  if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value
  const value = node.kind === 'scalar' ? node.value : undefined
  const found = FLAGS.get(typeof value === 'string' ? value.toLowerCase() : value)
  if (found !== undefined) return found
  report.error('wrong_type', { path, at: node.at }, `must be true or false, not ${describeNode(node)}`)
  return undefined
}

export function transformed<T, U>(read: Read<T>, change: (value: T) => U): Read<U> {
  return (node, path, report) => {
    const value = read(node, path, report)
    return value === undefined ? undefined : change(value)
  }
}

/** Every name that the keys have. */
export function spellingsOf(members: Members): ReadonlySet<string> {
  return new Set(Object.keys(members).flatMap((key) => [key, toSnakeCase(key)]))
}

function asMapping(node: Located, path: string, report: Report): LocatedMapping | undefined {
  if (node.kind === 'mapping') return node
  report.error('wrong_type', { path, at: node.at }, `must be a mapping, not ${describeNode(node)}`)
  return undefined
}

function asText(node: Located, path: string, report: Report): string | undefined {
  if (node.kind === 'scalar' && typeof node.value === 'string') return node.value
  const hint = node.kind === 'scalar' && node.value !== null ? '; put it in quotes' : ''
  report.error('wrong_type', { path, at: node.at }, `must be text, not ${describeNode(node)}${hint}`)
  return undefined
}

function isNull(node: Located): boolean {
  return node.kind === 'scalar' && node.value === null
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}
