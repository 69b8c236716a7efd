import type { RegistryRecord } from '../record.ts'
import { dateMetadata, formatUndated } from './formats.ts'
import type { Prefix } from './selection.ts'
import type { DateRange, OaiRecord, Page, PageRequest, Position, RecordSource } from './source.ts'

/** A record in both formats. */
export interface HeldRecord extends Position {
  /** null: it was deleted. */
  readonly formats: Readonly<Record<Prefix, string>> | null
}

export function holdRecord(record: RegistryRecord, updated: Date): HeldRecord {
  const { document, dublinCore } = formatUndated(record)
  const formats = {
    ivo_vor: dateMetadata('ivo_vor', document, updated),
    oai_dc: dateMetadata('oai_dc', dublinCore, updated),
  }
  return { ivoid: record.ivoid, updated, formats }
}

/** Records that lie in memory; there is at least one. */
export function recordsInMemory(records: readonly HeldRecord[]): RecordSource {
  const sorted = records.toSorted(compare)
  const within = ({ from, until }: DateRange) =>
    sorted.filter(({ updated }) => (from === null || updated >= from) && (until === null || updated <= until))
  return {
    earliest: async () => sorted[0]?.updated ?? new Date(0),
    async find(ivoid, prefix) {
      const found = sorted.find((record) => record.ivoid.toLowerCase() === ivoid.toLowerCase())
      return found && present(found, prefix)
    },
    count: async (range) => within(range).length,
    async page({ range, after, prefix, limits }) {
      const left = within(range).filter((record) => after === null || compare(record, after) > 0)
      return cut(
        left.map((record) => present(record, prefix)),
        limits,
      )
    },
  }
}

function present({ ivoid, updated, formats }: HeldRecord, prefix: Prefix | null): OaiRecord {
  const metadata = formats === null || prefix === null ? null : formats[prefix]
  return { ivoid, updated, deleted: formats === null, metadata }
}

function cut(records: readonly OaiRecord[], limits: PageRequest['limits']): Page {
  let bytes = 0
  const end = records.findIndex(({ metadata }, index) => {
    bytes += Buffer.byteLength(metadata ?? '')
    return index > 0 && (index >= limits.records || bytes > limits.bytes)
  })
  return end === -1 ? { records, isLast: true } : { records: records.slice(0, end), isLast: false }
}

function compare(a: Position, b: Position): number {
  const [one, other] = [a.ivoid.toLowerCase(), b.ivoid.toLowerCase()]
  return a.updated.getTime() - b.updated.getTime() || (one < other ? -1 : one > other ? 1 : 0)
}
