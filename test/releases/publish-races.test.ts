import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { PreconditionError } from '../../shared/platform/storage/storage-failures.ts'
import { assembleParts } from '../../shared/releases/publish/assemble-parts.ts'
import type { BuiltRelease } from '../../shared/releases/publish/build-release.ts'
import { type PublishTarget, uploadRelease } from '../../shared/releases/publish/upload-release.ts'
import type { StoredObject } from '../../shared/stored-objects.ts'
import { runs } from '../support/effort.ts'
import { sampleSchema } from '../support/sample-release.ts'
import { buildSample } from './build-sample.ts'

class Killed extends Error {}

/** A bucket in memory whose every request waits for its turn; a publisher is killed before its nth one. */
class Shelf {
  readonly objects = new Map<string, { readonly object: StoredObject; readonly content: Buffer }>()
  #generation = 0

  open(turn: () => Promise<unknown>, killedBefore: number): PublishTarget {
    let requests = 0
    const wait = async () => {
      requests += 1
      if (requests >= killedBefore) throw new Killed()
      await turn()
    }
    return {
      stat: async (name) => {
        await wait()
        return this.objects.get(name)?.object
      },
      read: async (name) => {
        await wait()
        return this.objects.get(name)
      },
      save: async (name, content, { ifGenerationMatch, metadata }) => {
        await wait()
        if ((this.objects.get(name)?.object.generation ?? '0') !== ifGenerationMatch) {
          throw new PreconditionError(name, ifGenerationMatch, undefined)
        }
        const generation = String(++this.#generation)
        const facts = { bucket: 'b', crc32c: null, contentType: null, timeCreated: '' }
        const object = { ...facts, name, generation, size: content.length, metadata }
        this.objects.set(name, { object, content: Buffer.from(content) })
        return object
      },
    }
  }

  /** Whether it holds exactly this release. */
  holds(release: BuiltRelease): boolean {
    const parts = assembleParts(release)
    const isSame = parts.every(({ name, content }) => this.objects.get(name)?.content.equals(content) === true)
    return isSame && this.objects.size === parts.length
  }
}

type Ending = 'done' | 'killed' | 'refused'

async function publish(target: PublishTarget, release: BuiltRelease, replace: boolean): Promise<Ending> {
  try {
    await uploadRelease(release, { target, prefix: '', where: 'here', replace })
    return 'done'
  } catch (error) {
    if (error instanceof Killed) return 'killed'
    expect(error).toMatchObject({ code: expect.stringMatching(/^(release_exists|concurrent_publish)$/) })
    return 'refused'
  }
}

let releases: readonly BuiltRelease[]

/** Two publishers of different releases; in half of the runs one of them dies somewhere. */
async function race(scheduler: fc.Scheduler, kills: readonly number[], replace: boolean) {
  const shelf = new Shelf()
  const turn = () => scheduler.schedule(Promise.resolve())
  const running = releases.map((release, index) => {
    return publish(shelf.open(turn, kills[index] ?? Number.POSITIVE_INFINITY), release, replace)
  })
  await scheduler.waitFor(Promise.all(running))
  return { shelf, endings: await Promise.all(running) }
}

const ALONE = () => Promise.resolve()
const KILLS = fc.array(fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: 20 })), {
  minLength: 2,
  maxLength: 2,
})

beforeAll(async () => {
  const texts = [
    sampleSchema('survey'),
    sampleSchema('survey', { object: [{ name: 'object_id', extra: '"tap:principal": 1' }] }),
  ]
  releases = await Promise.all(
    texts.map((text) => buildSample({ files: new Map([['survey.yaml', text]]), datalink: null })),
  )
})

test('a version that does not change is never a mixture once its archive is there', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), KILLS, async (scheduler, kills) => {
      const { shelf, endings } = await race(scheduler, kills, false)
      if (shelf.objects.has('schemas.tar.gz')) expect(releases.some((release) => shelf.holds(release))).toBe(true)
      expect(endings.filter((ending) => ending === 'done').length).toBeLessThanOrEqual(1)
      for (const [index, ending] of endings.entries()) {
        if (ending === 'done') expect(shelf.holds(releases[index]!)).toBe(true)
      }
      // Whoever wrote the first part can finish it.
      const again = []
      for (const release of releases)
        again.push(await publish(shelf.open(ALONE, Number.POSITIVE_INFINITY), release, false))
      expect(again.toSorted()).toEqual(['done', 'refused'])
      expect(shelf.holds(releases[again.indexOf('done')]!)).toBe(true)
    }),
    { numRuns: runs(60) },
  )
})

test('of two who replace a version at once, both succeed only one after the other, and running again mends the rest', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), KILLS, fc.boolean(), async (scheduler, kills, last) => {
      const { shelf, endings } = await race(scheduler, kills, true)
      if (endings.every((ending) => ending === 'done')) {
        expect(releases.some((release) => shelf.holds(release))).toBe(true)
      }
      const release = releases[last ? 1 : 0]!
      expect(await publish(shelf.open(ALONE, Number.POSITIVE_INFINITY), release, true)).toBe('done')
      expect(shelf.holds(release)).toBe(true)
    }),
    { numRuns: runs(60) },
  )
})
