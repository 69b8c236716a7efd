import type { ListedObject, ResultBucket } from './bucket.ts'
import type { Run } from './run.ts'
import type { Shard } from './shards.ts'

export interface PassOptions {
  readonly bucket: ResultBucket
  readonly shards: readonly Shard[]
  /** Its positions are where the pass begins, and are moved on. */
  readonly run: Run
  /** Called before each page. Throws when the pass has to end. */
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
  for (;;) {
    if (isOver() || !options.mayGoOn()) return 'paused'
    await options.checkpoint()
    const position = run.positions[shard]
    const after = typeof position === 'string' ? position : null
    const from = after ?? start
    const range = { ...(from !== null && { startOffset: from }), ...(end !== null && { endOffset: end }) }
    run.effort.listCalls += 1
    const page = await bucket.page(range)
    // The offset is inclusive.
    const objects = page.objects[0]?.name === after ? page.objects.slice(1) : page.objects
    const commit = await options.handle(objects)
    if (commit === null) return 'paused'
    commit()
    run.positions[shard] = page.last ? true : (objects.at(-1)?.name ?? after)
    if (page.last) return 'done'
  }
}
