import type { CopyInput } from './copy-input.ts'

/**
 * Writes a result document: `add` row by row, then one of `end` and `fail`. It is made with a list, to which it appends
 * the parts of the document that can be sent: first all up to the first row, then about 64 KiB each.
 */
export interface ResultWriter {
  /** Adds the row that `input` has found; when it throws, nothing of the row is left. */
  add(input: CopyInput): void
  /** Completes the document. */
  end(overflow: boolean): void
  /**
   * Completes a document that an error broke off, with what the client is told; false: the format cannot say it, so that
   * the transfer has to break off.
   */
  fail(message: string): boolean
}
