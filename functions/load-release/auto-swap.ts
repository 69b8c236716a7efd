import type pg from 'pg'
import type { TapServer } from '../../shared/environment/tap-server.ts'
import { compareSlots } from '../../shared/tap-schema/diff.ts'
import { ReaderLeftOutError } from '../../shared/tap-schema/slot-failures.ts'
import { SlotChangedError } from '../../shared/tap-schema/slot-identity.ts'
import { type SwapOutcome, type SwapRequest, swap } from '../../shared/tap-schema/swap.ts'

export type AutoSwap =
  | { readonly outcome: 'swapped'; readonly swap: SwapOutcome }
  | { readonly outcome: 'waiting'; readonly reason: string }

/**
 * Does what the server's `swap` policy says once a release is staged: nothing, a swap, or a swap only if nothing breaks
 * for those who query the live schema. Under every policy, those who can read now keep read access.
 *
 * @throws what `swap` and `compareSlots` throw; SlotChangedError when the slots change faster than they are compared
 */
export async function swapByPolicy(
  pool: pg.Pool,
  server: Pick<TapServer, 'swap'>,
  request: SwapRequest,
): Promise<AutoSwap> {
  if (server.swap === 'never') return { outcome: 'waiting', reason: 'this server is swapped by hand' }
  for (let round = 1; ; round += 1) {
    try {
      return server.swap === 'always'
        ? { outcome: 'swapped', swap: await swap(pool, request) }
        : await swapIfCompatible(pool, request)
    } catch (error) {
      if (error instanceof ReaderLeftOutError) return { outcome: 'waiting', reason: error.message }
      if (!(error instanceof SlotChangedError) || round === ROUNDS) throw error
    }
  }
}

/** Operators may swap by hand during a comparison; that rarely happens twice in a row. */
const ROUNDS = 3

/** The verdict holds for the two slots that were compared, and for no others. */
async function swapIfCompatible(pool: pg.Pool, request: SwapRequest): Promise<AutoSwap> {
  const comparison = await compareSlots(pool, 'live', 'staging')
  // Another delivery may have been faster: swap finds out, and takes nothing that is staged only now.
  if (comparison === null) {
    return { outcome: 'swapped', swap: await swap(pool, { ...request, expectedSlots: { staging: null } }) }
  }
  const { diff, identities, others } = comparison
  const breaking = diff.changes.filter((change) => change.breaking)
  const [first] = breaking
  if (first !== undefined) {
    const reason = `${breaking.length} breaking changes, the first: ${first.kind} ${first.name} ${first.change}`
    return { outcome: 'waiting', reason }
  }
  if (others.length > 0)
    return { outcome: 'waiting', reason: `${others.join(', ')} would be moved to the previous slot` }
  const { live, staging } = identities
  return { outcome: 'swapped', swap: await swap(pool, { ...request, expectedSlots: { live, staging } }) }
}
