import { call, getJson } from '../http.ts'
import type { Job } from './uws.ts'

/** Who else may read a job and its result: a user, or all of a group. */
export interface Share {
  readonly user?: string
  readonly group?: string
  readonly until: string | null
}

/** @throws CallError; 403 for who is not the owner */
export function readShares(job: Job, signal: AbortSignal): Promise<{ readonly shares: readonly Share[] }> {
  return getJson(`${job.url}/share`, signal)
}

/** @throws CallError */
export async function share(job: Job, kind: 'user' | 'group', name: string): Promise<void> {
  await call(`${job.url}/share`, { method: 'POST', body: new URLSearchParams({ [kind.toUpperCase()]: name }) })
}

/** @throws CallError */
export async function unshare(job: Job, { user, group }: Share): Promise<void> {
  const whom: Record<string, string> = user === undefined ? { GROUP: group ?? '' } : { USER: user }
  await call(`${job.url}/share`, { method: 'POST', body: new URLSearchParams({ ACTION: 'REMOVE', ...whom }) })
}
