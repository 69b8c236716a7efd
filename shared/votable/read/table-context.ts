import { UploadError } from '../upload-error.ts'
import { shown } from './cell-fault.ts'

export interface TableLimits {
  readonly rows: number
  /** As it is sent, and again when it is unpacked. */
  readonly bytes: number
  readonly columns: number
}

/** Which table is read, and how large it may be: for messages. */
export class TableContext {
  readonly limits: TableLimits
  readonly #name: string

  constructor(name: string, limits: TableLimits) {
    this.#name = name
    this.limits = limits
  }

  fault(message: string, cause?: unknown): UploadError {
    return new UploadError('upload_invalid', `${this.#prefix}: ${message}.`, cause)
  }

  tooManyRows(): UploadError {
    const { rows } = this.limits
    return this.#tooLarge(
      `more than ${rows} rows, the limit of this service for each uploaded table. Send it in parts.`,
    )
  }

  tooManyBytes(): UploadError {
    const { bytes } = this.limits
    const advice = 'Send fewer columns or rows, or the table in BINARY2, which is shorter.'
    return new UploadError(
      'upload_too_large',
      `${this.#prefix} has more than ${bytes} bytes, the limit of this service for each uploaded table. ${advice}`,
    )
  }

  tooManyColumns(): UploadError {
    return this.#tooLarge(
      `more than ${this.limits.columns} columns, the limit for an uploaded table. Send only those that the query needs.`,
    )
  }

  #tooLarge(what: string): UploadError {
    return new UploadError('upload_too_large', `${this.#prefix} has ${what}`)
  }

  get #prefix(): string {
    return `The uploaded table ${shown(this.#name)}`
  }
}
