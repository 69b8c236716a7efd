import type pg from 'pg'
import type { Problem } from '../problem.ts'
import { findDelivery, isRejectedFor, recordHistory } from './history.ts'
import type { ReleaseSource } from './release-source.ts'
import { STAGER_ROLE } from './slots.ts'
import { STAGE_WAIT_MS, withSlots } from './transaction.ts'

export interface Rejection {
  readonly version: string
  readonly source: ReleaseSource
  readonly actor: string
  readonly problems: readonly Problem[]
  readonly durationMs: number
  /** Whether an upload that the history knows is skipped (an event), or recorded again (an operator's request). */
  readonly redelivery: 'skip' | 'restage'
}

/**
 * Writes a permanent failure into a TAP server's history, so that the same upload is not tried again and an operator can
 * read what is wrong with it. It is written once, however many deliveries of the upload come at the same time; asking
 * again adds an entry only if there is something else to say.
 *
 * @returns whether there is a new entry
 * @throws BusyError, NotInitialisedError, MissingRoleError, DatabaseError
 */
export async function recordRejection(pool: pg.Pool, rejection: Rejection): Promise<boolean> {
  const { version, source, problems, redelivery } = rejection
  return withSlots(pool, `recording that ${version} is rejected`, STAGE_WAIT_MS, async (client) => {
    await client.query(`set local role ${STAGER_ROLE}`)
    const isKnown = redelivery === 'skip' ? (await findDelivery(client, source)) !== 'new' : false
    if (isKnown || (await isRejectedFor(client, source, problems))) return false
    await recordHistory(client, { ...rejection, action: 'rejected', replaced: null, rows: null })
    return true
  })
}
