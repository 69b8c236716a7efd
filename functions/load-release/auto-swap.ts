import type pg from 'pg'
import type { TapServer } from '../../shared/environment/model.ts'
import { diffSlots } from '../../shared/tap-schema/diff.ts'
import { type SwapOutcome, type SwapRequest, swap } from '../../shared/tap-schema/swap.ts'

export type AutoSwap =
  | { readonly outcome: 'swapped'; readonly swap: SwapOutcome }
  | { readonly outcome: 'waiting'; readonly reason: string }

/**
 * Does what the server's `swap` policy says once a release is staged: nothing, a swap, or a swap only if nothing breaks
 * for those who query the live schema.
 *
 * @throws what `swap` and `diffSlots` throw
 */
export async function swapByPolicy(
  pool: pg.Pool,
  server: Pick<TapServer, 'swap'>,
  request: SwapRequest,
): Promise<AutoSwap> {
  if (server.swap === 'never') return { outcome: 'waiting', reason: 'this server is swapped by hand' }
  if (server.swap === 'compatible') {
    const { changes } = await diffSlots(pool, 'live', 'staging')
    const breaking = changes.filter((change) => change.breaking)
    const [first] = breaking
    if (first !== undefined) {
      const reason = `${breaking.length} breaking changes, the first: ${first.kind} ${first.name} ${first.change}`
      return { outcome: 'waiting', reason }
    }
  }
  return { outcome: 'swapped', swap: await swap(pool, request) }
}
