import { createHash } from 'node:crypto'
import { crc32c } from '../../shared/platform/storage/crc32c.ts'
import { invalid } from './failures.ts'

/** An object's description, as the JSON API gives it ("Objects: resource representations"); numbers are strings there. */
export interface ObjectResource {
  readonly kind: 'storage#object'
  readonly id: string
  readonly name: string
  readonly bucket: string
  readonly generation: string
  readonly metageneration: string
  readonly size: string
  readonly crc32c: string
  readonly md5Hash: string
  readonly etag: string
  readonly timeCreated: string
  readonly updated: string
  readonly storageClass: string
  readonly contentType?: string
  readonly contentEncoding?: string
  readonly contentDisposition?: string
  readonly contentLanguage?: string
  readonly cacheControl?: string
  readonly customTime?: string
  readonly temporaryHold?: boolean
  readonly eventBasedHold?: boolean
  /** By the bucket's retention policy; worked out when it is shown. */
  readonly retentionExpirationTime?: string
  readonly metadata?: Readonly<Record<string, string>>
}

/** The fields that a writer chooses. */
export type WritableFields = Pick<
  ObjectResource,
  (typeof TEXT_FIELDS)[number] | (typeof HOLD_FIELDS)[number] | 'metadata'
>

const TEXT_FIELDS = [
  'contentType',
  'contentEncoding',
  'contentDisposition',
  'contentLanguage',
  'cacheControl',
  'customTime',
] as const

const HOLD_FIELDS = ['temporaryHold', 'eventBasedHold'] as const

export function describeObject(
  bucket: string,
  name: string,
  generation: string,
  content: Buffer,
  fields: WritableFields,
): ObjectResource {
  const now = new Date().toISOString()
  return {
    kind: 'storage#object',
    id: `${bucket}/${name}/${generation}`,
    name,
    bucket,
    generation,
    metageneration: '1',
    size: String(content.length),
    crc32c: crc32c(content),
    md5Hash: createHash('md5').update(content).digest('base64'),
    etag: etagOf(generation, '1'),
    timeCreated: now,
    updated: now,
    storageClass: 'STANDARD',
    ...fields,
  }
}

/** A patch: fields that are given replace, null removes, the keys of `metadata` are merged likewise. */
export function patchObject(resource: ObjectResource, patch: Readonly<Record<string, unknown>>): ObjectResource {
  const merged: Record<string, unknown> = {}
  for (const field of [...TEXT_FIELDS, ...HOLD_FIELDS]) merged[field] = field in patch ? patch[field] : resource[field]
  if (patch.metadata !== null) merged.metadata = mergeMetadata(resource.metadata, patch.metadata)
  const { kind, id, name, bucket, generation, size, crc32c, md5Hash, timeCreated, storageClass } = resource
  const metageneration = String(BigInt(resource.metageneration) + 1n)
  const fixed = { kind, id, name, bucket, generation, size, crc32c, md5Hash, timeCreated, storageClass }
  const etag = etagOf(generation, metageneration)
  return { ...fixed, ...readFields(merged), metageneration, etag, updated: new Date().toISOString() }
}

/** Takes the fields that a writer may choose out of a request's JSON; refuses what is not text. */
export function readFields(given: Readonly<Record<string, unknown>>): WritableFields {
  const fields: Record<string, string | boolean | Record<string, string>> = {}
  for (const field of TEXT_FIELDS) {
    const value = given[field]
    if (value === undefined || value === null) continue
    if (typeof value !== 'string') throw invalid(`Invalid value for field ${field}: text is expected.`)
    fields[field] = value
  }
  for (const field of HOLD_FIELDS) {
    const value = given[field] ?? false
    if (typeof value !== 'boolean') throw invalid(`Invalid value for field ${field}: true or false is expected.`)
    if (value) fields[field] = true
  }
  const metadata = readMetadata(given.metadata)
  if (metadata !== undefined) fields.metadata = metadata
  return fields
}

/** Compares checksums that the writer announced with those of what arrived. */
export function checkAnnounced(resource: ObjectResource, announced: Readonly<Record<string, unknown>>): void {
  for (const field of ['crc32c', 'md5Hash'] as const) {
    const value = announced[field]
    if (value === undefined || value === null || value === resource[field]) continue
    const checksum = field === 'crc32c' ? 'CRC32C' : 'MD5 hash'
    throw invalid(`Provided ${checksum} "${value}" doesn't match calculated ${checksum} "${resource[field]}".`)
  }
}

/** Object names: 1 to 1024 bytes of UTF-8 without line breaks ("Object name requirements"). */
export function checkObjectName(name: string): void {
  const bytes = Buffer.byteLength(name)
  const legal = bytes > 0 && bytes <= 1024 && name.isWellFormed() && !/[\r\n\0]/.test(name) && !/^\.{1,2}$/.test(name)
  if (!legal) throw invalid(`Invalid object name: ${JSON.stringify(name.slice(0, 80))}`)
}

export function checkBucketName(name: unknown): asserts name is string {
  if (typeof name !== 'string' || !isBucketName(name)) throw invalid(`Invalid bucket name: ${JSON.stringify(name)}`)
}

/** 3 to 63 lower-case letters, digits, dashes and underscores; up to 222 characters with dots ("Bucket name requirements"). */
export function isBucketName(name: string): boolean {
  const legal = /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(name) && !name.includes('..')
  return legal && name.split('.').every((part) => part.length <= 63)
}

function etagOf(generation: string, metageneration: string): string {
  return Buffer.from(`${generation}/${metageneration}`).toString('base64')
}

function mergeMetadata(current: ObjectResource['metadata'], patch: unknown): Record<string, unknown> | undefined {
  if (patch === undefined) return current
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) throw invalid('metadata must be an object.')
  const merged = Object.entries({ ...current, ...patch }).filter(([, value]) => value !== null)
  return merged.length === 0 ? undefined : Object.fromEntries(merged)
}

function readMetadata(given: unknown): Record<string, string> | undefined {
  if (given === undefined || given === null) return undefined
  if (typeof given !== 'object' || Array.isArray(given)) throw invalid('metadata must be an object.')
  const entries = Object.entries(given).filter(([, value]) => value !== null)
  for (const [key, value] of entries) {
    if (typeof value !== 'string') throw invalid(`Invalid value for metadata.${key}: text is expected.`)
  }
  return Object.fromEntries(entries)
}
