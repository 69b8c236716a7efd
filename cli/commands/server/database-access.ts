import { diffSlots } from '../../../shared/tap-schema/diff.ts'
import { rollback } from '../../../shared/tap-schema/rollback.ts'
import { readStatus } from '../../../shared/tap-schema/status.ts'
import { type SwapRequest, swap } from '../../../shared/tap-schema/swap.ts'
import { currentActor } from './actor.ts'
import { openPool } from './connect.ts'
import type { DatabaseTarget } from './database-options.ts'
import type { ExchangeRequest, ServerAccess } from './server-access.ts'

/** A TAP server by its database. */
export async function openDatabaseAccess(target: DatabaseTarget): Promise<ServerAccess> {
  const { pool, close } = await openPool(target)
  return {
    readStatus: (historyLimit) => readStatus(pool, { historyLimit }),
    diff: (from, to) => diffSlots(pool, from, to),
    swap: (request) => swap(pool, swapRequest(request)),
    rollback: (request) => rollback(pool, swapRequest(request)),
    close,
  }
}

function swapRequest(request: ExchangeRequest): SwapRequest {
  const { version, generation, id, leaveReadersOut, actor, deadlineSeconds } = request
  return {
    expectedVersion: version,
    leaveReadersOut,
    actor: actor ?? currentActor(),
    ...(generation === undefined ? {} : { expectedGeneration: generation }),
    ...(id === undefined ? {} : { expectedId: id }),
    ...(deadlineSeconds === undefined ? {} : { deadlineMs: deadlineSeconds * 1000 }),
  }
}
