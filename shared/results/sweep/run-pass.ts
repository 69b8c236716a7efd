import { compareCodePoints } from '../../code-points.ts'
import type { ListedObject, ObjectPage } from '../../stored-objects.ts'
import type { ResultBucket } from '../result-bucket.ts'
import type { Shard } from './shards.ts'
import type { Run } from './sweep-run.ts'

export interface PassOptions {
  readonly bucket: ResultBucket
  readonly shards: readonly Shard[]
  /** Its positions are where the pass begins, and are moved on. */
  readonly run: Run
  /** Called before each request. Throws when the pass has to end. */
  checkpoint(): Promise<void>
  mayGoOn(): boolean
  /**
   * Deals with the objects of a page.
   *
   * @returns what makes it count, called in the same breath in which the position moves; null: it was interrupted, and
   * the page comes again
   */
  handle(objects: readonly ListedObject[]): Promise<(() => void) | null>
}

const SHARDS_AT_ONCE = 8

/**
 * Lists all shards, several at once, page after page. The position is the last name that was handled and not a page
 * token: listings are in the order of names, and a name is good for ever (results-gc §4.3, step 2).
 *
 * @returns `paused`: `mayGoOn` said no
 */
export async function runPass(options: PassOptions): Promise<'done' | 'paused'> {
  const waiting = [...options.run.positions.keys()].filter((shard) => options.run.positions[shard] !== true)
  let failed = false
  let paused = false
  const isOver = () => failed || paused
  const work = async () => {
    for (let shard = waiting.shift(); shard !== undefined && !isOver(); shard = waiting.shift()) {
      try {
        if ((await listShard(options, shard, isOver)) === 'paused') paused = true
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const workers = Array.from({ length: Math.min(SHARDS_AT_ONCE, waiting.length) }, work)
  const ends = await Promise.allSettled(workers)
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  return paused ? 'paused' : 'done'
}

async function listShard(options: PassOptions, shard: number, isOver: () => boolean): Promise<'done' | 'paused'> {
  const { bucket, shards, run } = options
  const { start = null, end = null } = shards[shard] ?? {}
  /** Of a page that brought nothing new: going on by names alone would ask for it again and again. */
  let pageToken: string | null = null
  for (;;) {
    if (isOver() || !options.mayGoOn()) return 'paused'
    await options.checkpoint()
    const position = run.positions[shard]
    const after = typeof position === 'string' ? position : null
    const from = after ?? start
    const range = { ...(from !== null && { startOffset: from }), ...(end !== null && { endOffset: end }) }
    run.effort.listCalls += 1
    const page: ObjectPage = await bucket.page(range, pageToken)
    const objects = after === null ? page.objects : dropHandled(page.objects, after)
    pageToken = objects.length === 0 ? page.nextPageToken : null
    if (pageToken !== null) continue
    const commit = await options.handle(objects)
    if (commit === null) return 'paused'
    commit()
    run.positions[shard] = page.nextPageToken === null ? true : (objects.at(-1)?.name ?? after)
    if (page.nextPageToken === null) return 'done'
  }
}

/** The offset is inclusive, and a store that shows again what it has shown must not have it counted twice. */
function dropHandled(objects: readonly ListedObject[], last: string): readonly ListedObject[] {
  const first = objects.findIndex(({ name }) => compareCodePoints(name, last) > 0)
  return first < 0 ? [] : objects.slice(first)
}
