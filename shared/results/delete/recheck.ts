import type { ListedObject } from '../../stored-objects.ts'
import type { Clock } from '../clock.ts'

/** An answer of the job table that is older than this is asked for again: a user may have extended a destruction. */
const FRESH_MS = 5_000

/**
 * Says of each object, just before its deletion, whether it is still to go. Where deletions are slow, by their rate limit
 * or a busy store, the job table is asked again from time to time, for all that are left at once.
 *
 * @param expired what is to go, by an answer that has just come
 * @param ask which of the objects are to go by what the job table says now
 */
export function createRecheck(
  expired: readonly ListedObject[],
  ask: (objects: readonly ListedObject[]) => Promise<readonly ListedObject[]>,
  clock: Clock,
): (object: ListedObject) => Promise<boolean> {
  const left = new Set(expired)
  let going: ReadonlySet<ListedObject> = new Set(expired)
  let answeredAt = clock.now()
  let asking: Promise<void> | undefined
  const askAgain = async () => {
    try {
      going = new Set(await ask([...left]))
      answeredAt = clock.now()
    } finally {
      asking = undefined
    }
  }
  return async (object) => {
    if (clock.now() - answeredAt > FRESH_MS) {
      asking ??= askAgain()
      await asking
    }
    left.delete(object)
    return going.has(object)
  }
}
