import { isRecord } from '../../shared/is-record.ts'
import type { ResultColumn } from '../../shared/qserv/result-column.ts'
import type { ResultHead } from '../../shared/votable/write-result.ts'

/** What is needed to read a result when Qserv has it: what was live when the query was submitted decides (DESIGN §8.3 rule 6). */
export interface ResultPlan extends Pick<ResultHead, 'fields' | 'services'> {
  readonly scanned: readonly ResultColumn[]
  /** Version of the release. */
  readonly release: string
  readonly maxRows: number
}

/** undefined: it was written by another version of this program, in another form (qserv.md §2.6, 4.2.1). */
export function readPlan(stored: unknown): ResultPlan | undefined {
  if (!isRecord(stored) || typeof stored.release !== 'string' || typeof stored.maxRows !== 'number') return undefined
  const lists = [stored.scanned, stored.fields, stored.services]
  return lists.every(Array.isArray) ? (stored as unknown as ResultPlan) : undefined
}
