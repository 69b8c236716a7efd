import type { Prefix } from './selection.ts'

/** A record as harvesters get it. */
export interface OaiRecord {
  readonly ivoid: string
  /** Whole seconds. */
  readonly updated: Date
  readonly deleted: boolean
  /** An element of XML; null: the record was deleted, or only its header was asked for. */
  readonly metadata: string | null
}

/** Both ends count. */
export interface DateRange {
  readonly from: Date | null
  readonly until: Date | null
}

/** Where a list goes on: behind this record. */
export type Position = Pick<OaiRecord, 'updated' | 'ivoid'>

export interface PageRequest {
  readonly range: DateRange
  readonly after: Position | null
  /** null: headers alone. */
  readonly prefix: Prefix | null
  readonly limits: PageLimits
}

/** A page ends with whichever comes first, and has one record at least. */
export interface PageLimits {
  readonly records: number
  /** Of metadata. */
  readonly bytes: number
}

export interface Page {
  readonly records: readonly OaiRecord[]
  readonly isLast: boolean
}

/** Where records lie; there is at least one. Their order is by date, then by identifier. */
export interface RecordSource {
  /** The date of the oldest. */
  earliest(): Promise<Date>
  /** Identifiers compare without case. */
  find(ivoid: string, prefix: Prefix | null): Promise<OaiRecord | undefined>
  count(range: DateRange): Promise<number>
  page(request: PageRequest): Promise<Page>
}
