import type pg from 'pg'
import type { Problem } from '../felis/problem.ts'
import { recordHistory } from './history.ts'
import type { ReleaseSource } from './release-source.ts'
import { STAGER_ROLE } from './slots.ts'
import { inTransaction } from './transaction.ts'

export interface Rejection {
  readonly version: string
  readonly source: ReleaseSource
  readonly actor: string
  readonly problems: readonly Problem[]
  readonly durationMs: number
}

/**
 * Writes a permanent failure into a TAP server's history, so that the same upload is not tried again and an operator can
 * read what is wrong with it.
 *
 * @throws NotInitialisedError, MissingRoleError, DatabaseError
 */
export async function recordRejection(pool: pg.Pool, rejection: Rejection): Promise<void> {
  await inTransaction(pool, `recording that ${rejection.version} is rejected`, async (client) => {
    await client.query(`set local role ${STAGER_ROLE}`)
    await recordHistory(client, { ...rejection, action: 'rejected', replaced: null, rows: null })
  })
}
