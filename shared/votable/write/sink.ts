/** What is sent at a time. */
export const PART_BYTES = 64 * 1024

/** A buffer that grows. `bytes` and `view` show the same memory; both may be others after `ensure`. */
export class Sink {
  bytes: Buffer<ArrayBuffer> = Buffer.allocUnsafeSlow(16 * 1024)
  view = new DataView(this.bytes.buffer)
  /** The bytes that are part of the document; those of a row that is being written come after them. */
  length = 0

  /** Makes room for so many more bytes from a position on. */
  ensure(count: number, position = this.length): void {
    const needed = position + count
    if (needed <= this.bytes.length) return
    const bytes = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.length))
    this.bytes.copy(bytes, 0, 0, position)
    this.bytes = bytes
    this.view = new DataView(bytes.buffer)
  }

  /** Removes so many bytes from the front. */
  drop(count: number): void {
    this.bytes.copyWithin(0, count, this.length)
    this.length -= count
  }

  /** The bytes, which are no longer here afterwards. */
  takeAll(): Uint8Array {
    const bytes = Buffer.from(this.bytes.subarray(0, this.length))
    this.length = 0
    return bytes
  }
}
