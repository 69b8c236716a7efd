import { isRecord } from '../is-record.ts'
import type { Envelope } from './envelope.ts'
import { QservAnswerError } from './errors.ts'

const STATES = ['EXECUTING', 'COMPLETED', 'FAILED', 'FAILED_LR', 'ABORTED'] as const

/** All but the first are final. */
export type QservState = (typeof STATES)[number]

/** What Qserv says of a query (spec/qserv.md §1.4). null: it does not say. */
export interface QservStatus {
  readonly state: QservState
  /** Qserv's own words for a failure; empty where there is none. */
  readonly error: string
  readonly totalChunks: number | null
  readonly completedChunks: number | null
  readonly rows: number | null
  readonly bytes: number | null
  /** When Qserv has begun, in seconds of its own clock. */
  readonly beganEpoch: number | null
  /** When it last looked after the query; null before the first time. */
  readonly updatedEpoch: number | null
}

/** @throws QservAnswerError */
export function readStatus({ status }: Envelope): QservStatus {
  if (!isRecord(status)) throw new QservAnswerError('Qserv gave a status without `status`')
  const state = STATES.find((name) => name === status.status)
  if (state === undefined) {
    throw new QservAnswerError(
      `Qserv says that a query is ${JSON.stringify(status.status)}, which its API does not have`,
    )
  }
  const updated = numberOf(status.lastUpdateEpoch)
  return {
    state,
    error: typeof status.error === 'string' ? status.error : '',
    totalChunks: numberOf(status.totalChunks),
    completedChunks: numberOf(status.completedChunks),
    rows: numberOf(status.finalRows),
    bytes: numberOf(status.collectedBytes),
    beganEpoch: numberOf(status.queryBeginEpoch),
    updatedEpoch: updated === 0 ? null : updated,
  }
}

function numberOf(value: unknown): number | null {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : null
}
