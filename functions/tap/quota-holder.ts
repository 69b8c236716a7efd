import type { QuotaHolder } from '../../shared/environment/tap-quotas.ts'
import { ANONYMOUS, type Caller } from '../../shared/platform/identity.ts'
import type { Reader } from '../../shared/uws/share-job.ts'

/** Anonymous users are nobody: who has the id of their job may do everything with it. */
export function ownerOf({ actor }: Caller): string | null {
  return actor === ANONYMOUS.actor ? null : actor
}

/** Whose quotas hold; null: those of all who have no name. */
export function holderOf(caller: Caller): QuotaHolder | null {
  const owner = ownerOf(caller)
  return owner === null ? null : { username: owner, groups: [], concurrent: new Map(), ...caller.user }
}

/** What is shared with the caller; null: nothing, nobody knows him. A name with a / is that of a group of a user's. */
export function readerOf(caller: Caller): Reader | null {
  const user = ownerOf(caller)
  return user === null ? null : { user, groups: caller.user?.groups.filter((group) => !group.includes('/')) ?? [] }
}
