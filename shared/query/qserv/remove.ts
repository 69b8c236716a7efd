import { isOverOrUnknown, isUnknown, type QservClient } from '../../qserv/client.ts'
import { QservRefusedError } from '../../qserv/errors.ts'
import type { QservStatus } from '../../qserv/query-status.ts'
import { pause, pauseMs } from './pauses.ts'

/** How long it is seen to that a query is gone, or its result. */
const GIVE_UP_MS = 10_000

/**
 * Cancels a query until Qserv says that it has ended, and deletes what it may have left.
 *
 * @throws QservUnavailableError and others, where it is not known that nothing is left
 */
export async function removeFromQserv(client: QservClient, id: string): Promise<void> {
  const until = performance.now() + GIVE_UP_MS
  for (let turn = 0; ; turn++) {
    const state = await stateOf(client, id)
    if (state === 'COMPLETED') return client.deleteResult(id)
    if (state !== 'EXECUTING') return
    if (performance.now() > until) throw new Error(`Qserv has not ended query ${id} within ${GIVE_UP_MS / 1000} s`)
    await client.cancel(id).catch((error: unknown) => {
      if (!isOverOrUnknown(error)) throw error
    })
    await pause(pauseMs(turn))
  }
}

/** null: Qserv does not know it any more. */
async function stateOf(client: QservClient, id: string): Promise<QservStatus['state'] | null> {
  try {
    return (await client.status(id)).state
  } catch (error) {
    if (isUnknown(error)) return null
    throw error
  }
}

/** Drops a database of uploaded tables; one that is not there is no error. */
export async function dropUploads(client: QservClient, database: string): Promise<void> {
  await client.dropDatabase(database).catch((error: unknown) => {
    if (!(error instanceof QservRefusedError) || !/does not exist|unknown/i.test(error.message)) throw error
  })
}
