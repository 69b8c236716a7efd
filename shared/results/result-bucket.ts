import type { BucketDescription, ListedObject, ObjectPage, ObjectRange, RemoveOutcome } from '../stored-objects.ts'

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
