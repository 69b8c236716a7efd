/** An object by itself, or of a listing by prefix. */
export interface StoredObject {
  readonly bucket: string
  readonly name: string
  readonly generation: string
  /** In bytes, as stored. */
  readonly size: number
  /** Base64 of the big-endian checksum, as the GCS JSON API writes it. */
  readonly crc32c: string | null
  /** ISO 8601. */
  readonly timeCreated: string
  readonly contentType: string | null
  readonly metadata: Readonly<Record<string, string>>
}

/** An object of a page of a listing, with what its deletion depends on. */
export interface ListedObject {
  readonly name: string
  readonly generation: string
  /** Changes with the metadata, holds and `customTime` among them. */
  readonly metageneration: string
  readonly size: number
  /** By the clock of the store. */
  readonly timeCreated: string
  readonly customTime: string | null
  /** Temporary or event-based. */
  readonly held: boolean
  /** By the retention policy of the bucket or of the object; null: by none. */
  readonly retainedUntil: string | null
  readonly metadata: Readonly<Record<string, string>>
}

export interface ObjectRange {
  readonly prefix?: string
  /** The first name, inclusive. */
  readonly startOffset?: string
  /** The end, exclusive. */
  readonly endOffset?: string
}

/** Where much was deleted, a page can be empty and still have a next one. */
export interface ObjectPage {
  readonly objects: readonly ListedObject[]
  /** For the next page of the same range; null: it ends with this one. */
  readonly nextPageToken: string | null
}

export interface BucketDescription {
  /** By the clock of the store; to the second. */
  readonly serverTime: Date
  /** null: the bucket's own description may not be read. */
  readonly settings: BucketSettings | null
}

export interface BucketSettings {
  readonly versioning: boolean
  /** How long deleted objects are kept, and billed. */
  readonly softDeleteMs: number
  /** How long nothing can be deleted or overwritten, by a retention policy of the bucket; 0: there is none. */
  readonly retentionMs: number
  /** So many days of storage are billed for each object at least; 0 for the class STANDARD. */
  readonly billedDays: number
}

/** `absent`: it was gone already; `replaced`: another one, or one with other metadata, is there and is kept;
 * `protected`: a hold or a retention policy forbids it. */
export type RemoveOutcome = 'removed' | 'absent' | 'replaced' | 'protected'
