import { createHash } from 'node:crypto'
import { isDate, isPrefix } from './arguments.ts'
import type { ListVerb, Prefix, Selection } from './selection.ts'

/** How far a list has come. */
export interface ListPosition {
  /** The last record that was sent. */
  readonly updated: string
  readonly ivoid: string
  /** How many were. */
  readonly cursor: number
  /** How many there were in all when the list began. */
  readonly size: number
}

export interface ContinuedList {
  readonly verb: ListVerb
  readonly selection: Selection
  readonly position: ListPosition
}

/** The whole state of a list: nothing of it is kept here, so that a token works for ever and everywhere. */
export function formatToken({ verb, selection, position }: ContinuedList): string {
  const { prefix, set, from, until } = selection
  const { updated, ivoid, cursor, size } = position
  const text = JSON.stringify([verb, prefix, set, from, until, updated, ivoid, cursor, size])
  return Buffer.from(checksum(text) + text).toString('base64url')
}

/** null: it is not a token for this verb. */
export function parseToken(token: string, expected: ListVerb): ContinuedList | null {
  if (!/^[A-Za-z0-9_-]{1,4096}$/.test(token)) return null
  const bytes = Buffer.from(token, 'base64url')
  // The last character may hold bits that stand for nothing.
  if (bytes.toString('base64url') !== token) return null
  const decoded = bytes.toString('utf8')
  const text = decoded.slice(CHECKSUM)
  if (decoded.slice(0, CHECKSUM) !== checksum(text)) return null
  const parts = readParts(text)
  if (parts === null) return null
  const [verb, prefix, set, from, until, updated, ivoid, cursor, size] = parts
  if (verb !== expected) return null
  return { verb, selection: { prefix, set, from, until }, position: { updated, ivoid, cursor, size } }
}

type TokenParts = readonly [
  ListVerb,
  Prefix,
  string | null,
  string | null,
  string | null,
  string,
  string,
  number,
  number,
]

/** The checksum is no secret: anybody can make a token that is none. */
function readParts(text: string): TokenParts | null {
  let parts: unknown
  try {
    parts = JSON.parse(text)
  } catch {
    return null
  }
  if (!Array.isArray(parts) || parts.length !== MEMBERS.length) return null
  return MEMBERS.every((fits, index) => fits(parts[index])) ? (parts as unknown as TokenParts) : null
}

const isText = (value: unknown) => typeof value === 'string'
const isCount = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0
const isDateOrNull = (value: unknown) => value === null || (typeof value === 'string' && isDate(value))

const MEMBERS: readonly ((value: unknown) => boolean)[] = [
  isText,
  (value) => typeof value === 'string' && isPrefix(value),
  (value) => value === null || isText(value),
  isDateOrNull,
  isDateOrNull,
  (value) => typeof value === 'string' && value.length > 10 && isDate(value),
  isText,
  isCount,
  isCount,
]

const CHECKSUM = 12

/** Against tokens that were cut off or made up; there is nothing in them to protect. */
function checksum(text: string): string {
  return createHash('sha256').update(`almagest registry 1 ${text}`).digest('base64url').slice(0, CHECKSUM)
}
