/** An object as a listing describes it, with what decides whether it is deleted. */
export interface ListedObject {
  readonly name: string
  readonly generation: string
  /** Changes with the metadata: holds, `customTime`, `destruction`. */
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

/** Where the state of sweeps lies. */
export type StateBucket = Pick<ResultBucket, 'read' | 'save'>

/** What a sweep needs of the bucket; every call tries again by itself where that can help. */
export interface ResultBucket {
  describe(): Promise<BucketDescription>
  /** One request: up to 1,000 objects in the order of their names' UTF-8 bytes; without a token the first ones. */
  page(range: ObjectRange, pageToken?: string | null): Promise<ObjectPage>
  /** Deletes exactly this generation with exactly this metadata. */
  removeListed(object: Pick<ListedObject, 'name' | 'generation' | 'metageneration'>): Promise<RemoveOutcome>
  read(
    name: string,
    options: { readonly maxBytes: number },
  ): Promise<{ readonly object: { readonly generation: string }; readonly content: Buffer } | undefined>
  /** Throws a Failure with code `precondition_failed` when another generation is there. */
  save(
    name: string,
    content: Uint8Array,
    options: { readonly ifGenerationMatch: string; readonly contentType: string },
  ): Promise<{ readonly generation: string }>
}
