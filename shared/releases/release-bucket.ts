import type { StoredObject } from '../stored-objects.ts'

/** What a release bucket must be able to do. */
export interface ReleaseBucket {
  /** The newest generation, or the given one; undefined: there is no such object or generation. */
  stat(name: string, generation?: string): Promise<StoredObject | undefined>
  /**
   * The content, verified against the object's crc32c; undefined: there is no such object or generation. Throws a
   * permanent Failure `too_large` beyond `maxBytes`, a transient one when the store does not answer.
   */
  read(
    name: string,
    options: { readonly generation?: string; readonly maxBytes: number },
  ): Promise<{ readonly object: StoredObject; readonly content: Buffer } | undefined>
}
