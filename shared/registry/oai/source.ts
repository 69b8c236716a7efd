/** A record as harvesters get it. */
export interface OaiRecord {
  readonly ivoid: string
  /** Whole seconds. */
  readonly updated: Date
  /** Elements of XML; null: the record was deleted. */
  readonly formats: { readonly ivo_vor: string; readonly oai_dc: string } | null
}

/** Both ends count. */
export interface DateRange {
  readonly from: Date | null
  readonly until: Date | null
}

/** Where records lie. Their order is by date, then by identifier. */
export interface RecordSource {
  /** The date of the oldest. */
  earliest(): Promise<Date>
  find(ivoid: string): Promise<OaiRecord | undefined>
  count(range: DateRange): Promise<number>
  /** Those behind `after`, so many at most. */
  list(
    range: DateRange,
    after: { readonly updated: Date; readonly ivoid: string } | null,
    limit: number,
  ): Promise<readonly OaiRecord[]>
}

/** Records that lie in memory; there is at least one. */
export function recordsInMemory(records: readonly OaiRecord[]): RecordSource {
  const sorted = records.toSorted(compare)
  const within = ({ from, until }: DateRange) =>
    sorted.filter(({ updated }) => (from === null || updated >= from) && (until === null || updated <= until))
  return {
    earliest: async () => sorted[0]?.updated ?? new Date(0),
    find: async (ivoid) => sorted.find((record) => record.ivoid.toLowerCase() === ivoid.toLowerCase()),
    count: async (range) => within(range).length,
    list: async (range, after, limit) =>
      within(range)
        .filter((record) => after === null || compare(record, after) > 0)
        .slice(0, limit),
  }
}

type Position = Pick<OaiRecord, 'updated' | 'ivoid'>

function compare(a: Position, b: Position): number {
  const [one, other] = [a.ivoid.toLowerCase(), b.ivoid.toLowerCase()]
  return a.updated.getTime() - b.updated.getTime() || (one < other ? -1 : one > other ? 1 : 0)
}
