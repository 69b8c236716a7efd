import { nearMiss } from '../near-miss.ts'
import { refuseEmpty } from './field-rules.ts'
import type { Report } from './report.ts'
import type { Located, LocatedMapping } from './yaml-positions.ts'

/** What a value of the environment file may be, and how it is read. */
export interface Shape<T> {
  /** For docs/configuration.md: `text`, `list of texts`, `1 to 100`. */
  readonly type: string
  /** The keys of what lies below, for docs/configuration.md; the value itself is at the dotted `prefix`. */
  readonly rows?: (prefix: string) => readonly KeyRow[]
  /** Whether null says something, and not just nothing. */
  readonly takesNull?: true
  /** How a default is written, where that is not its plain text. */
  show?(value: T): string
  /** undefined: the value cannot be used, and that has been reported. */
  read(node: Located, path: string, report: Report): T | undefined
}

/** A row of a table in docs/configuration.md. */
export interface KeyRow {
  readonly key: string
  readonly type: string
  readonly default: string
  readonly meaning: string
}

/** Why a text cannot be what it is meant for, as the end of a sentence about it; null: it can. */
export type Complaint = (text: string) => string | null

/** A text about which there is no complaint, whatever else it holds: what Repertoire takes. */
export function anyText(complaintAbout?: Complaint): Shape<string> {
  return {
    type: 'text',
    read: (node, path, report) => {
      const found = asText(node, path, report)
      if (found === undefined) return undefined
      const complaint = complaintAbout?.(found) ?? null
      if (complaint === null) return found
      report.error('invalid_value', { path, at: node.at }, `${JSON.stringify(found)} ${complaint}`)
      return undefined
    },
  }
}

/** What a shell or Compose would replace. In a password, `$` can be written as %24. */
const VARIABLE = /\$\{[A-Za-z_]\w*\}/

/** A text without variables about which there is no complaint. A secret one is never shown. */
export function text(complaintAbout: Complaint = refuseEmpty, secrecy?: 'secret'): Shape<string> {
  return {
    type: 'text',
    read: (node, path, report) => {
      const found = asText(node, path, report)
      if (found === undefined) return undefined
      const place = { path, at: node.at }
      const [variable] = VARIABLE.exec(found) ?? []
      const complaint = complaintAbout(found)
      if (variable !== undefined) {
        const message = `holds ${variable}, but variables are not filled in here: write the value`
        report.error('unsupported', place, message)
      } else if (complaint !== null) {
        report.error('invalid_value', place, `${secrecy === 'secret' ? 'it' : JSON.stringify(found)} ${complaint}`)
      } else return found
      return undefined
    },
  }
}

export function integer(min: number, max: number): Shape<number> {
  return {
    type: `${min} to ${max}`,
    read: (node, path, report) => {
      const place = { path, at: node.at }
      if (node.kind !== 'scalar' || typeof node.value !== 'number' || !Number.isInteger(node.value)) {
        report.error('wrong_type', place, `must be a whole number, not ${describeNode(node)}`)
        return undefined
      }
      if (node.value >= min && node.value <= max) return node.value
      report.error('out_of_range', place, `must be from ${min} to ${max}, not ${node.value}`)
      return undefined
    },
  }
}

/** Where null is a value of its own. */
export function orNull<T>(shape: Shape<T>): Shape<T | null> {
  return {
    type: `${shape.type}, or null`,
    takesNull: true,
    read: (node, path, report) =>
      node.kind === 'scalar' && node.value === null ? null : shape.read(node, path, report),
  }
}

/** What Repertoire takes for a flag beside true and false: chart parameters often come as text. */
const FLAGS: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  ...[1, '1', 'true', 't', 'yes', 'y', 'on'].map((word) => [word, true] as const),
  ...[0, '0', 'false', 'f', 'no', 'n', 'off'].map((word) => [word, false] as const),
])

export const flag: Shape<boolean> = {
  type: '`true`, `false`',
  read: (node, path, report) => {
    if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value
    const value = node.kind === 'scalar' ? node.value : undefined
    const found = FLAGS.get(typeof value === 'string' ? value.toLowerCase() : value)
    if (found !== undefined) return found
    report.error('wrong_type', { path, at: node.at }, `must be true or false, not ${describeNode(node)}`)
    return undefined
  },
}

/** One of these names, or what it is the name of. */
export function choiceOf<T>(choices: Readonly<Record<string, T>>): Shape<T> {
  const names = Object.keys(choices)
  return {
    type: names.map((name) => `\`${name}\``).join(', '),
    read: (node, path, report) => {
      const text = asText(node, path, report)
      if (text === undefined) return undefined
      if (Object.hasOwn(choices, text)) return choices[text]
      const message = `must be one of ${names.join(', ')}, not ${JSON.stringify(text)}`
      report.error('invalid_value', { path, at: node.at }, message, nearMiss(text, names))
      return undefined
    },
  }
}

/** One of these names. */
export function oneOf<const N extends readonly string[]>(...names: N): Shape<N[number]> {
  return choiceOf<N[number]>(Object.fromEntries(names.map((name) => [name, name])))
}

export function listOf<T>(shape: Shape<T>): Shape<readonly T[]> {
  const { rows } = shape
  return {
    type: `list of ${shape.type}s`,
    ...(rows === undefined ? {} : { rows: (prefix) => rows(`${prefix}[]`) }),
    read: (node, path, report) => {
      if (node.kind !== 'sequence') {
        report.error('wrong_type', { path, at: node.at }, `must be a list, not ${describeNode(node)}`)
        return undefined
      }
      const values = node.items.map((item, index) => shape.read(item, join(path, String(index)), report))
      const usable = values.filter((value): value is T & {} => value !== undefined)
      return usable.length === values.length ? usable : undefined
    },
  }
}

/** A list in which nothing may occur twice; `keyOf` says what of an item that is, for the message too. */
export function uniqueListOf<T>(shape: Shape<T>, keyOf: (value: T) => string = String): Shape<readonly T[]> {
  const list = listOf(shape)
  return {
    ...list,
    read: (node, path, report) => {
      const values = list.read(node, path, report)
      if (values === undefined || node.kind !== 'sequence') return undefined
      const keys = values.map(keyOf)
      for (const [index, item] of node.items.entries()) {
        const key = keys[index] ?? ''
        if (keys.indexOf(key) === index) continue
        const place = { path: join(path, String(index)), at: item.at }
        report.error('duplicate_item', place, `${JSON.stringify(key)} is in the list already`)
      }
      return values
    },
  }
}

/** A mapping whose keys are names. */
export function mapOf<T>(shape: Shape<T>, complaintAboutName?: Complaint): Shape<ReadonlyMap<string, T>> {
  const { rows } = shape
  return {
    type: rows === undefined ? `name → ${shape.type}` : 'section of named sections',
    ...(rows === undefined ? {} : { rows: (prefix) => rows(`${prefix}.NAME`) }),
    read: (node, path, report) => {
      const mapping = asMapping(node, path, report)
      if (mapping === undefined) return undefined
      const values = new Map<string, T>()
      let whole = true
      for (const [name, entry] of mapping.entries) {
        const complaint = complaintAboutName?.(name) ?? null
        if (complaint !== null) {
          const place = { path: join(path, name), at: entry.at }
          report.error('invalid_value', place, `${JSON.stringify(name)} ${complaint}`)
        }
        const value = shape.read(entry.value, join(path, name), report)
        if (value !== undefined) values.set(name, value)
        whole &&= value !== undefined && complaint === null
      }
      return whole ? values : undefined
    },
  }
}

export function transformed<T, U>(shape: Shape<T>, change: (value: T) => U): Shape<U> {
  const { type, rows } = shape
  return {
    type,
    ...(rows === undefined ? {} : { rows }),
    read: (node, path, report) => {
      const value = shape.read(node, path, report)
      return value === undefined ? undefined : change(value)
    },
  }
}

export function asMapping(node: Located, path: string, report: Report): LocatedMapping | undefined {
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

export function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}

/** What was found, without showing a text: it may be a secret that lies in the wrong place. */
export function describeNode(node: Located): string {
  if (node.kind === 'sequence') return 'a list'
  if (node.kind === 'mapping') return 'a mapping'
  if (node.value === null) return 'nothing'
  if (typeof node.value === 'number' || typeof node.value === 'bigint') return `the number ${node.value}`
  if (typeof node.value === 'boolean') return `the truth value ${node.value}`
  if (typeof node.value === 'string') return 'text'
  return node.value instanceof Date ? 'a date' : 'something else'
}
