import { createHash } from 'node:crypto'
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
  const decoded = Buffer.from(token, 'base64url').toString('utf8')
  const text = decoded.slice(CHECKSUM)
  if (decoded.slice(0, CHECKSUM) !== checksum(text)) return null
  // Whoever can make the checksum makes tokens as we do.
  const [verb, prefix, set, from, until, updated, ivoid, cursor, size] = JSON.parse(text) as TokenParts
  if (verb !== expected) return null
  return { verb, selection: { prefix, set, from, until }, position: { updated, ivoid, cursor, size } }
}

type TokenParts = [ListVerb, Prefix, string | null, string | null, string | null, string, string, number, number]

const CHECKSUM = 12

/** Against tokens that were cut off or made up; there is nothing in them to protect. */
function checksum(text: string): string {
  return createHash('sha256').update(`almagest registry 1 ${text}`).digest('base64url').slice(0, CHECKSUM)
}
