import type pg from 'pg'
import type { TapServer } from '../../shared/environment/tap-server.ts'
import { eventAttributes } from '../../shared/releases/deliver.ts'
import type { SwapOutcome, SwapRequest } from '../../shared/tap-schema/swap.ts'
import type { SwapDependencies } from './dependencies.ts'

export interface ExchangeRequest {
  readonly version: string
  readonly generation: string | undefined
  readonly id: number | undefined
  readonly leaveReadersOut: boolean
  readonly actor: string
}

/**
 * Swaps or rolls back, and announces it, unless that was done before.
 *
 * @throws what the operation throws, with nothing changed
 */
export async function exchangeAndAnnounce(
  operation: (pool: pg.Pool, request: SwapRequest) => Promise<SwapOutcome>,
  { environment, announce }: SwapDependencies,
  server: TapServer,
  pool: pg.Pool,
  { version, generation, id, leaveReadersOut, actor }: ExchangeRequest,
): Promise<SwapOutcome & { readonly server: string }> {
  const expected = {
    expectedVersion: version,
    ...(generation === undefined ? {} : { expectedGeneration: generation }),
    ...(id === undefined ? {} : { expectedId: id }),
  }
  const outcome = await operation(pool, { ...expected, leaveReadersOut, actor, ...environment.swap })
  if (outcome.outcome !== 'unchanged') {
    const attributes = eventAttributes(server, outcome.live, outcome.slots.live.source)
    await announce(outcome.outcome, { ...attributes, actor }, outcome)
  }
  return { server: server.name, ...outcome }
}
