import type { Field } from './field.ts'

/** A table that a user has sent, as far as its columns. */
export interface UploadedTable {
  /** The columns. Their types are those of the values that `rows` holds; names are as they came, maybe twice. */
  readonly fields: readonly Field[]
  /** For each field, the type of PostgreSQL whose binary form its values are in. */
  readonly sqlTypes: readonly string[]
  readonly description?: string
  /**
   * Bytes for `copy … from stdin (format binary)`. To be read once, and as slowly as one likes.
   *
   * @throws UploadError
   */
  readonly rows: AsyncIterable<Uint8Array>
  /** Lets go of what the table is read from, where `rows` is not read to its end. */
  close(): Promise<void>
}
