import type { BucketMetadata, FileMetadata } from '@google-cloud/storage'
import type { BucketSettings, ListedObject } from '../../stored-objects.ts'
import { DamagedAnswerError } from './storage-failures.ts'

const FIELDS = [
  'name',
  'generation',
  'metageneration',
  'size',
  'timeCreated',
  'customTime',
  'temporaryHold',
  'eventBasedHold',
  'retentionExpirationTime',
  'retention',
  'metadata',
]

/** All that is asked of a listing: the other fields would make it five times as long. */
export const LISTED_FIELDS = `nextPageToken,items(${FIELDS.join(',')})`

/** A page of a listing ("Objects: list"). */
export interface Listing<T> {
  readonly items: readonly T[]
  /** null: it is the last one. */
  readonly nextPageToken: string | null
}

/** An empty bucket answers with an object that has no items; anything but an object is no answer. */
export function readListing<T>(body: unknown, read: (item: FileMetadata) => T): Listing<T> {
  if (!isListing(body)) throw new DamagedAnswerError('the answer is not a listing')
  const { items = [], nextPageToken = '' } = body
  return { items: items.map(read), nextPageToken: nextPageToken === '' ? null : nextPageToken }
}

function isListing(body: unknown): body is { readonly items?: FileMetadata[]; readonly nextPageToken?: string } {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return false
  const hasItems = !('items' in body) || Array.isArray(body.items)
  return hasItems && (!('nextPageToken' in body) || typeof body.nextPageToken === 'string')
}

/** An entry of a listing ("Objects: resource representations"). */
export function readListed(item: FileMetadata): ListedObject {
  const { name, generation, metageneration, size, timeCreated } = item
  if (name === undefined || generation === undefined || metageneration === undefined || timeCreated === undefined) {
    throw new DamagedAnswerError('an entry of the listing is incomplete')
  }
  return {
    name,
    generation: readInteger(generation),
    metageneration: readInteger(metageneration),
    size: Number(readInteger(size ?? 0)),
    timeCreated,
    customTime: item.customTime ?? null,
    held: item.temporaryHold === true || item.eventBasedHold === true,
    retainedUntil: latest(item.retentionExpirationTime, item.retention?.retainUntilTime),
    metadata: readTexts(item.metadata),
  }
}

/**
 * The digits of an int64, which the JSON API writes as text. A stand-in may write a number, which has lost digits beyond
 * 2^53. Sizes end at 5 TiB and fit a double.
 */
export function readInteger(value: unknown): string {
  const isExact =
    typeof value === 'string' ? /^\d{1,19}$/.test(value) : Number.isSafeInteger(value) && Number(value) >= 0
  if (!isExact) throw new DamagedAnswerError(`${JSON.stringify(value)} is not a whole number that can be relied on`)
  return String(value)
}

function latest(a: string | undefined, b: string | undefined): string | null {
  if (a === undefined || b === undefined) return a ?? b ?? null
  return Date.parse(a) > Date.parse(b) ? a : b
}

function readTexts(metadata: FileMetadata['metadata']): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(metadata ?? {}).map(([key, value]) => [key, String(value)]))
}

export const SETTINGS_FIELDS = 'versioning,softDeletePolicy,retentionPolicy,storageClass'

/** "Storage classes", minimum storage duration. */
const BILLED_DAYS: ReadonlyMap<string, number> = new Map([
  ['NEARLINE', 30],
  ['COLDLINE', 90],
  ['ARCHIVE', 365],
])

export function readSettings(metadata: BucketMetadata): BucketSettings {
  const { versioning, softDeletePolicy, retentionPolicy, storageClass = '' } = metadata
  const softDelete = Number(softDeletePolicy?.retentionDurationSeconds ?? 0)
  const retention = Number(retentionPolicy?.retentionPeriod ?? 0)
  return {
    versioning: versioning?.enabled === true,
    softDeleteMs: softDelete * 1000,
    retentionMs: retention * 1000,
    billedDays: BILLED_DAYS.get(storageClass) ?? 0,
  }
}

/** When the store answered, by its own clock. */
export function readServerTime(answer: unknown): Date {
  const time = new Date(dateHeader(answer))
  if (Number.isNaN(time.getTime())) throw new DamagedAnswerError('the answer does not say when it was given')
  return time
}

function dateHeader(answer: unknown): string {
  if (typeof answer !== 'object' || answer === null || !('headers' in answer)) return ''
  const { headers } = answer
  if (headers instanceof Headers) return headers.get('date') ?? ''
  return typeof headers === 'object' && headers !== null && 'date' in headers ? String(headers.date) : ''
}

const PROTECTING: ReadonlySet<unknown> = new Set(['objectUnderActiveHold', 'retentionPolicyNotMet'])

/** Whether a deletion was refused for a hold or a retention policy, and not for want of a permission. */
export function isProtected(error: unknown): boolean {
  const said = error instanceof Error ? error.cause : undefined
  if (!(said instanceof Error) || !('errors' in said) || !Array.isArray(said.errors)) return false
  return said.errors.some((entry: { readonly reason?: unknown }) => PROTECTING.has(entry.reason))
}
