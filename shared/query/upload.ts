import type { UploadedTable } from '../votable/uploaded-table.ts'

/** A table that comes with a query, which calls it TAP_UPLOAD.name. */
export interface Upload {
  /** A regular identifier. */
  readonly name: string
  readonly table: UploadedTable
}
