import { compareCodePoints } from '../../code-points.ts'
import type { ResultRule } from '../../environment/results.ts'
import { expandPattern } from '../classify/expand-pattern.ts'
import type { ResultBucket } from '../result-bucket.ts'

/** A range of names that is listed by itself; null: from the first name, to the last one. */
export interface Shard {
  readonly start: string | null
  readonly end: string | null
}

/** A bucket that fits a page is not worth a request for each prefix. */
const WHOLE: readonly Shard[] = [{ start: null, end: null }]

/** The shards of a run that has begun, by how many there are; null: the rules give other ones now. */
export function shardsOf(rules: readonly ResultRule[], count: number): readonly Shard[] | null {
  if (count === WHOLE.length) return WHOLE
  const shards = planShards(rules)
  return shards.length === count ? shards : null
}

/** How the listing is divided; one look at the first page decides. */
export async function chooseShards(rules: readonly ResultRule[], bucket: ResultBucket): Promise<readonly Shard[]> {
  const { nextPageToken } = await bucket.page({})
  return nextPageToken === null ? WHOLE : planShards(rules)
}

/** Positions of all shards have to fit into the state. */
const MOST = 1024

/**
 * Cuts the names of a bucket at the prefixes of the rules. Together the shards cover every name, also of objects that fit
 * no rule: these are counted too.
 */
export function planShards(rules: readonly ResultRule[]): readonly Shard[] {
  const prefixes = rules.flatMap(({ pattern }) => expandPattern(pattern, null))
  const cuts = [...new Set(prefixes)].filter((prefix) => prefix !== '').sort(compareCodePoints)
  const bounds = cuts.length < MOST ? cuts : []
  return [null, ...bounds].map((start, index) => ({ start, end: bounds[index] ?? null }))
}
