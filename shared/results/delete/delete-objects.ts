import { Failure } from '../../failure.ts'
import type { ListedObject } from '../../stored-objects.ts'
import type { ResultBucket } from '../result-bucket.ts'
import { DeletionsFailError } from '../result-failures.ts'
import type { DeletePace } from './delete-pace.ts'
import { type Deletions, noDeletions } from './deletions.ts'

export interface DeleteTools {
  readonly bucket: ResultBucket
  readonly pace: DeletePace
  /** Called before each deletion. Throws when nothing may be deleted any more. */
  checkpoint(): Promise<void>
  /** Called before each deletion: whether the object is still to be deleted. Throws as `checkpoint`. */
  isStillExpired(object: ListedObject): Promise<boolean>
  mayGoOn(): boolean
  /** Called for each object that was deleted. */
  readonly onDeleted: (object: ListedObject) => void
  /** Called for each deletion that the store did not do. */
  readonly onFailed: (error: Failure) => void
}

export type DeleteResult = { readonly deletions: Deletions } & (
  | { readonly outcome: 'done' | 'interrupted' }
  | { readonly outcome: 'failed'; readonly error: unknown }
)

/** So many failures within one page are not the store's hiccups any more, nor are refusals those of single objects. */
const MOST_FAILURES = 20

/**
 * Deletes objects as they were listed: what was overwritten or changed since then is kept. What a hold or a retention
 * policy forbids, the store refuses, or does not do even after several attempts, is counted. When it refuses one after
 * the other and does nothing else, the rest of them is counted as failed without asking.
 *
 * @returns `failed` with a DeletionsFailError, what the tools have thrown, or a StorageError when the store knows neither
 * the caller nor the bucket
 */
export async function deleteObjects(objects: readonly ListedObject[], tools: DeleteTools): Promise<DeleteResult> {
  const deletions = noDeletions()
  const waiting = objects.values()
  let failure: { readonly error: unknown } | undefined
  let interrupted = false
  const isOver = () => {
    interrupted ||= !tools.mayGoOn()
    return interrupted || failure !== undefined
  }
  const deleteOne = async (object: ListedObject) => {
    if (isOver()) return
    if (isHopeless(deletions)) return noteFailure(deletions, object)
    await tools.pace.takeToken()
    if (isOver()) return
    try {
      await tools.checkpoint()
      if (await tools.isStillExpired(object)) await deleteObject(object, tools, deletions)
    } catch (error) {
      failure ??= { error }
    }
  }
  const work = async () => {
    for (const object of waiting) {
      await tools.pace.run(() => deleteOne(object))
      if (failure !== undefined || interrupted) return
    }
  }
  await Promise.all(Array.from({ length: Math.min(tools.pace.atOnce, objects.length) }, work))
  if (failure !== undefined) return { outcome: 'failed', deletions, error: failure.error }
  return { outcome: interrupted ? 'interrupted' : 'done', deletions }
}

async function deleteObject(object: ListedObject, tools: DeleteTools, deletions: Deletions): Promise<void> {
  try {
    const outcome = await tools.bucket.removeListed(object)
    if (outcome === 'removed') {
      deletions.deleted += 1
      deletions.deletedBytes += object.size
      tools.onDeleted(object)
      return
    }
    deletions[outcome] += 1
    if (outcome !== 'protected') return
    deletions.firstProtected ??= object.name
  } catch (error) {
    const kind = kindOf(error)
    if (kind === 'general' || !(error instanceof Failure)) throw error
    tools.onFailed(error)
    noteFailure(deletions, object)
    if (kind === 'passing' && deletions.failed > MOST_FAILURES) throw new DeletionsFailError(deletions.failed, error)
    return
  }
  noteSurvivor(deletions, object)
}

/**
 * `passing`: the store had no time; `refused`: it does not delete this object; `general`: the next one fares no better,
 * for the credentials or the bucket are missing, or the error is not the store's.
 */
function kindOf(error: unknown): 'passing' | 'refused' | 'general' {
  if (!(error instanceof Failure) || error.permanent || !('status' in error)) return 'general'
  const { status } = error
  if (status === null || status === 408 || status === 429 || Number(status) >= 500) return 'passing'
  return status === 401 || status === 404 ? 'general' : 'refused'
}

/** Nothing but refusals so far. Under other names, on the next pages, there may be what can be deleted. */
function isHopeless({ failed, deleted, absent, replaced, protected: held }: Deletions): boolean {
  return failed > MOST_FAILURES && deleted + absent + replaced + held === 0
}

function noteFailure(deletions: Deletions, object: ListedObject): void {
  deletions.failed += 1
  deletions.firstFailed ??= object.name
  noteSurvivor(deletions, object)
}

function noteSurvivor(deletions: Deletions, survivor: { readonly name: string; readonly timeCreated: string }): void {
  const { oldestSurvivor } = deletions
  if (oldestSurvivor !== null && oldestSurvivor.timeCreated <= survivor.timeCreated) return
  deletions.oldestSurvivor = { name: survivor.name, timeCreated: survivor.timeCreated }
}

/** Adds what became of one page; what is kept is only counted when the page does not come again. */
export function addDeletions(total: Deletions, { outcome, deletions }: DeleteResult): void {
  total.deleted += deletions.deleted
  total.deletedBytes += deletions.deletedBytes
  total.absent += deletions.absent
  if (outcome !== 'done') return
  total.replaced += deletions.replaced
  total.protected += deletions.protected
  total.failed += deletions.failed
  total.firstProtected ??= deletions.firstProtected
  total.firstFailed ??= deletions.firstFailed
  if (deletions.oldestSurvivor !== null) noteSurvivor(total, deletions.oldestSurvivor)
}
