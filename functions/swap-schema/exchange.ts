import type pg from 'pg'
import type { TapServer } from '../../shared/environment/model.ts'
import { eventAttributes } from '../../shared/releases/deliver.ts'
import type { ReleaseSource } from '../../shared/tap-schema/release-source.ts'
import { readSlot } from '../../shared/tap-schema/slot-version.ts'
import type { SwapOutcome, SwapRequest } from '../../shared/tap-schema/swap.ts'
import { inTransaction } from '../../shared/tap-schema/transaction.ts'
import type { SwapDependencies } from './swap-schema.ts'

export interface ExchangeRequest {
  readonly version: string
  readonly generation: string | undefined
  readonly actor: string
}

/**
 * Swaps or rolls back, and announces it.
 *
 * @throws what the operation throws, with nothing changed
 */
export async function exchangeAndAnnounce(
  operation: (pool: pg.Pool, request: SwapRequest) => Promise<SwapOutcome>,
  dependencies: SwapDependencies,
  server: TapServer,
  pool: pg.Pool,
  { version, generation, actor }: ExchangeRequest,
): Promise<SwapOutcome & { readonly server: string }> {
  const expected = { expectedVersion: version, ...(generation === undefined ? {} : { expectedGeneration: generation }) }
  const outcome = await operation(pool, { ...expected, actor, ...dependencies.environment.swap })
  const source = await readLiveSource(dependencies, server, pool, outcome.live)
  await dependencies.announce(outcome.outcome, { ...eventAttributes(server, outcome.live, source), actor }, outcome)
  return { server: server.name, ...outcome }
}

/** The exchange is done by now, whatever happens here. */
async function readLiveSource(
  { logger }: SwapDependencies,
  server: TapServer,
  pool: pg.Pool,
  version: string,
): Promise<ReleaseSource | null> {
  try {
    const live = await inTransaction(pool, 'reading the live slot', (client) => readSlot(client, 'live'))
    return live?.version === version ? live.source : null
  } catch (error) {
    logger.warning('the event will not say which upload is live', { server: server.name, version, error })
    return null
  }
}
