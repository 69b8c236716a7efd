import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLogger } from '../../shared/platform/log/log.ts'
import { randomNumbers } from '../support/random-numbers.ts'
import { checkEvents, checkJobs, checkObjects, checkQuotas, checkTables, countPhases, settle } from './checks.ts'
import { BUCKET, type Fleet, startFleet } from './fleet.ts'
import { keepTables } from './keepers.ts'
import { medianOf, residentMiB } from './memory.ts'
import { mishapsOf, pause } from './upset.ts'
import { askAtOnce, askQserv, behave, nothingTold, type Told, tidy } from './users.ts'

/** SOAK_SECONDS=60, or 3600; SOAK_USERS more of them; INSTANCES_SEED for another course of things. */
const SECONDS = Number(process.env.SOAK_SECONDS ?? 0)
const USERS = Number(process.env.SOAK_USERS ?? 20)
const SEED = Number(process.env.INSTANCES_SEED ?? 1)

/** Between two mishaps. */
const PAUSE_MS = 1500
const SWEEP_MS = 5000
/** What a process may need more at the end than at the beginning. A minute is too short for it to warm up, and says nothing. */
const GROWTH_MIB = SECONDS < 600 ? Number.POSITIVE_INFINITY : 64
/** What a function is given (DESIGN §7). */
const MEMORY_MIB = 512

const logger = createLogger({ write: () => {}, projectId: 'p' })

describe.skipIf(SECONDS === 0)('a soak, which takes SOAK_SECONDS and is skipped without', () => {
  let fleet: Fleet
  beforeAll(async () => {
    fleet = await startFleet(randomNumbers(SEED), logger, { qserv: 'beside', sweeps: true })
  })
  afterAll(() => fleet.stop())

  test(
    'of sync and async queries, uploads, swaps, sweeps, kills and Qserv loses nothing and needs no more memory in the end',
    async () => {
      const until = Date.now() + SECONDS * 1000
      const users = Array.from({ length: USERS }, (_, index) => ({ name: `user${index}`, told: nothingTold() }))
      const sync = { asked: 0, refused: 0 }
      const ofQserv = { asked: 0, refused: 0 }
      const sweeps = { finished: 0, deleted: 0, busy: 0, broken: 0 }
      const mishaps: Record<string, number> = {}
      const spared = new Set([fleet.processes.tap[0]!, fleet.processes['run-query'][0]!])
      const memory = [...spared].map((process) => ({ process, samples: [] as number[] }))

      const work = async ({ name, told }: (typeof users)[number], index: number) => {
        const random = randomNumbers(SEED + index)
        while (Date.now() < until) {
          await behave(fleet, name, 1, told, random)
          count(sync, await askAtOnce(fleet, name))
          count(ofQserv, await askQserv(fleet, name))
          await tidy(fleet, name, told)
        }
      }
      const keep = async (user: string) => {
        while (Date.now() < until) await keepTables(fleet, user, 1)
      }
      const sweep = async () => {
        const report = await fleet.sweep()
        if (report === null) sweeps.broken += 1
        else if (report.outcome === 'busy') sweeps.busy += 1
        else {
          sweeps.finished += 1
          sweeps.deleted += report.deletions.deleted
        }
      }
      const random = randomNumbers(SEED)
      const all = mishapsOf(fleet, random, spared)
      let next = 0
      const upset = async () => {
        const mishap = all[next++ % all.length]!
        await mishap.happen()
        mishaps[mishap.name] = (mishaps[mishap.name] ?? 0) + 1
      }
      const look = async () => {
        for (const { process, samples } of memory) samples.push(residentMiB(process))
      }
      await Promise.all([
        ...users.map(work),
        ...['ken', 'kim', 'kay'].map(keep),
        every(SWEEP_MS, until, sweep),
        every(PAUSE_MS, until, upset),
        every(1000, until, () => fleet.watch()),
        every(1000, until, look),
      ])

      const { requests, broken } = fleet.traffic
      const rss = memory.map(({ samples }) => firstAndLast(samples))
      const figures = {
        seconds: SECONDS,
        users: USERS,
        requests,
        broken,
        ...{ sync, ofQserv },
        messages: fleet.deliveries.fates,
        events: fleet.events.length,
        mishaps,
        sweeps,
        objects: fleet.gcs.store.objects(BUCKET)?.length,
        rssMiB: { tap: rss[0], 'run-query': rss[1] },
      }
      console.log(`soak: ${JSON.stringify(figures)}`)

      fleet.qserv?.faults.clear()
      await settle(fleet, 600_000)
      const told = joinTold(users.map((user) => user.told))
      await checkJobs(fleet, told)
      await checkObjects(fleet, logger)
      await checkEvents(fleet)
      await checkQuotas(fleet)
      await checkTables(fleet)
      console.log(
        `soak: nothing is lost: ${JSON.stringify({ left: await countPhases(fleet), deleted: told.deleted.size })}`,
      )
      expect(fleet.qserv?.queries.live()).toEqual([])
      // Its stand-in loses queries with the tables that it has in PostgreSQL, and says so.
      expect(sync.refused).toBe(0)
      expect(sweeps.finished).toBeGreaterThan(0)
      expect([...spared].map(({ child }) => child.exitCode)).toEqual([null, null])
      for (const { first, last, most } of rss) {
        expect(last).toBeLessThan(first + GROWTH_MIB)
        expect(most).toBeLessThan(MEMORY_MIB)
      }
    },
    1_800_000 + 3_000 * SECONDS,
  )
})

function count(counts: { asked: number; refused: number }, status: number): void {
  counts.asked += 1
  if (status !== 200) counts.refused += 1
}

/** One time after the other, with a pause between two. */
async function every(milliseconds: number, until: number, work: () => Promise<unknown>): Promise<void> {
  while (Date.now() < until) {
    await work()
    await pause(milliseconds)
  }
}

/** What is usual when everything has been used once, and at the end. */
function firstAndLast(samples: readonly number[]): {
  readonly first: number
  readonly last: number
  readonly most: number
} {
  const tenth = Math.ceil(samples.length / 10)
  const first = medianOf(samples.slice(2 * tenth, 3 * tenth))
  return { first, last: medianOf(samples.slice(-tenth)), most: Math.max(0, ...samples) }
}

function joinTold(parts: readonly Told[]): Told {
  return {
    created: new Set(parts.flatMap(({ created }) => [...created])),
    completed: new Map(parts.flatMap(({ completed }) => [...completed])),
    deleted: new Set(parts.flatMap(({ deleted }) => [...deleted])),
    shared: new Map(parts.flatMap(({ shared }) => [...shared])),
    aborted: new Set(parts.flatMap(({ aborted }) => [...aborted])),
  }
}
