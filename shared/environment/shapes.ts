import { nearMiss } from '../near-miss.ts'
import { complaintAboutEmpty } from './complaints.ts'
import type { Report } from './report.ts'
import type { Located, LocatedEntry, LocatedMapping } from './yaml-positions.ts'

/** What a value of the environment file may be, and how it is read. */
export interface Shape<T> {
  /** For docs/configuration.md: `text`, `list of texts`, `1 to 100`. */
  readonly type: string
  /** The keys of what lies below, for docs/configuration.md; the value itself is at the dotted `prefix`. */
  readonly rows?: (prefix: string) => readonly KeyRow[]
  /** Whether those are in a table of their own. */
  readonly apart?: true
  /** Whether null says something, and not just nothing. */
  readonly takesNull?: true
  /** How a default is written, where that is not its plain text. */
  show?(value: T): string
  /** undefined: the value cannot be used, and that has been reported. */
  read(node: Located, path: string, report: Report): T | undefined
}

export type ShapeOf<S> = S extends Shape<infer T> ? T : never

/** A row of a table in docs/configuration.md. */
export interface KeyRow {
  readonly key: string
  readonly type: string
  readonly default: string
  readonly meaning: string
}

/** Why a text cannot be what it is meant for, as the end of a sentence about it; null: it can. */
export type Complaint = (text: string) => string | null

/** What a shell or Compose would replace. In a password, `$` can be written as %24. */
const VARIABLE = /\$\{[A-Za-z_]\w*\}/

/** A text without variables about which there is no complaint. A secret one is never shown. */
export function text(complaintAbout: Complaint = complaintAboutEmpty, secrecy?: 'secret'): Shape<string> {
  const { type, read } = anyText(complaintAbout, secrecy)
  return {
    type,
    read: (node, path, report) => {
      const [variable] = (node.kind === 'scalar' && VARIABLE.exec(String(node.value))) || []
      if (variable === undefined) return read(node, path, report)
      const message = `holds ${variable}, but variables are not filled in here: write the value`
      report.error('unsupported', { path, at: node.at }, message)
      return undefined
    },
  }
}

/** The same, also with variables: what Repertoire takes. */
export function anyText(complaintAbout: Complaint = () => null, secrecy?: 'secret'): Shape<string> {
  return {
    type: 'text',
    read: (node, path, report) => {
      const place = { path, at: node.at }
      if (node.kind !== 'scalar' || typeof node.value !== 'string') {
        const hint = node.kind === 'scalar' && node.value !== null ? '; put it in quotes' : ''
        report.error('wrong_type', place, `must be text, not ${describeNode(node)}${hint}`)
        return undefined
      }
      const complaint = complaintAbout(node.value)
      if (complaint === null) return node.value
      report.error('invalid_value', place, `${secrecy === 'secret' ? 'it' : JSON.stringify(node.value)} ${complaint}`)
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

export const flag: Shape<boolean> = flagOf(() => undefined)

/** What Repertoire takes for a flag beside true and false: chart parameters often come as text. */
const FLAGS: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  ...[1, '1', 'true', 't', 'yes', 'y', 'on'].map((word) => [word, true] as const),
  ...[0, '0', 'false', 'f', 'no', 'n', 'off'].map((word) => [word, false] as const),
])

export const flagOrWord: Shape<boolean> = flagOf((value) =>
  FLAGS.get(typeof value === 'string' ? value.toLowerCase() : value),
)

function flagOf(otherwise: (value: unknown) => boolean | undefined): Shape<boolean> {
  return {
    type: '`true`, `false`',
    read: (node, path, report) => {
      const value = node.kind === 'scalar' ? node.value : undefined
      const found = typeof value === 'boolean' ? value : otherwise(value)
      if (found === undefined) {
        report.error('wrong_type', { path, at: node.at }, `must be true or false, not ${describeNode(node)}`)
      }
      return found
    },
  }
}

/** One of these names. */
export function oneOf<const N extends readonly string[]>(...names: N): Shape<N[number]> {
  return choiceOf<N[number]>(Object.fromEntries(names.map((name) => [name, name])))
}

/** What one of these names stands for. */
export function choiceOf<T>(choices: Readonly<Record<string, T>>): Shape<T> {
  const names = Object.keys(choices)
  return {
    type: names.map((name) => `\`${name}\``).join(', '),
    read: (node, path, report) => {
      const place = { path, at: node.at }
      const value = node.kind === 'scalar' ? node.value : undefined
      if (typeof value !== 'string') {
        report.error('wrong_type', place, `must be one of ${names.join(', ')}, not ${describeNode(node)}`)
        return undefined
      }
      if (Object.hasOwn(choices, value)) return choices[value]
      const message = `must be one of ${names.join(', ')}, not ${JSON.stringify(value)}`
      report.error('invalid_value', place, message, nearMiss(value, names))
      return undefined
    },
  }
}

/** `show` is for defaults whose plain text is not what one writes. */
export function transformed<T, U>(shape: Shape<T>, change: (value: T) => U, show?: (value: U) => string): Shape<U> {
  return {
    type: shape.type,
    rows: (prefix) => rowsBelow(shape, prefix),
    ...(show === undefined ? {} : { show }),
    read: (node, path, report) => {
      const value = shape.read(node, path, report)
      return value === undefined ? undefined : change(value)
    },
  }
}

/** The shape under a name of its own. What lies below it, if anything, has a table of its own. */
export function called<T>(type: string, shape: Shape<T>): Shape<T> {
  return { ...shape, type, apart: true }
}

/** The rows of what lies below, where they stand in the same table. */
export function rowsBelow(shape: Shape<unknown>, prefix: string): readonly KeyRow[] {
  return shape.apart === true ? [] : (shape.rows?.(prefix) ?? [])
}

/** The value of a key. What is wrong with a whole section is reported where its name is. */
export function valueUnder({ at, value }: LocatedEntry): Located {
  return value.kind === 'mapping' ? { ...value, at } : value
}

export function asMapping(node: Located, path: string, report: Report): LocatedMapping | undefined {
  if (node.kind === 'mapping') return node
  report.error('wrong_type', { path, at: node.at }, `must be a mapping, not ${describeNode(node)}`)
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
