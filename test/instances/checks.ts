import { expect, vi } from 'vitest'
import { openResults } from '../../shared/deployment/results-connections.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import { sweepResults } from '../../shared/results/sweep/sweep.ts'
import { BUCKET, type Fleet, REMOTE } from './fleet.ts'
import type { Told } from './users.ts'

/**
 * All messages come, and time passes, until every job has ended and what was deleted is forgotten.
 *
 * @throws what is left when the time is over
 */
export async function settle(fleet: Fleet, timeout = 170_000): Promise<void> {
  fleet.deliveries.behave()
  let left: readonly unknown[] = []
  let step = ''
  const isSettled = async () => {
    step = 'time passes'
    await fleet.letTimePass()
    step = 'watch-queries works'
    await fleet.watch()
    step = 'messages are delivered'
    await fleet.deliveries.idle()
    step = 'nothing is under way'
    const { rows } = await fleet.pool.query(
      `select to_jsonb(j) as left from uws.job j where phase in ('QUEUED', 'EXECUTING') or deleted_at is not null
       union all select to_jsonb(e) from uws.event e where settled_at is null
       union all select to_jsonb(r) from uws.remote r where state <> 'submitting' or kept_until is not null limit 3`,
    )
    left = rows
    return rows.length === 0
  }
  await vi.waitUntil(isSettled, { timeout, interval: 100 }).catch((error: unknown) => {
    throw new Error(`there is no rest while ${step}: ${JSON.stringify(left)}`, { cause: error })
  })
}

export interface Row {
  readonly id: string
  readonly server: string
  readonly owner: string
  readonly phase: string
  readonly result: { readonly object: string; readonly generation: string; readonly bytes: number } | null
}

/** The jobs that there are. */
export async function rowsOf({ pool }: Fleet): Promise<readonly Row[]> {
  return (await pool.query<Row>("select id, server, owner, phase, result from uws.job where mode = 'async'")).rows
}

/** As its users reach it. */
function pathOf({ id, server }: Row): string {
  return `${server === 'tap' ? '' : REMOTE}/async/${id}`
}

/** How many jobs are in each phase. */
export async function countPhases(fleet: Fleet): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {}
  for (const { phase } of await rowsOf(fleet)) counts[phase] = (counts[phase] ?? 0) + 1
  return counts
}

/** Names of the objects of a job. */
export function objectsOf(fleet: Fleet, id: string): readonly string[] {
  return (fleet.gcs.store.objects(BUCKET) ?? []).map(({ name }) => name).filter((name) => name.includes(id))
}

async function sweep(fleet: Fleet, logger: Logger): Promise<void> {
  const results = openResults(fleet.environment, { applicationName: 'test', logger })
  try {
    const request = { mode: 'delete', timeBudgetMs: null, scheduledFor: null } as const
    // A sweep that was killed keeps its lease for a while.
    await vi.waitUntil(
      async () => (await sweepResults(results.config, { ...results, logger }, request)).outcome === 'finished',
      { timeout: 60_000, interval: 500 },
    )
  } finally {
    await results.close()
  }
}

/** Each job is as its users have seen it, and its result is there. */
export async function checkJobs(fleet: Fleet, told: Told): Promise<void> {
  const jobs = new Map((await rowsOf(fleet)).map((job) => [pathOf(job), job]))
  for (const [path, { phase, owner, result }] of jobs) {
    expect(['PENDING', 'COMPLETED', 'ERROR', 'ABORTED', 'ARCHIVED']).toContain(phase)
    const answer = await fleet.call(owner, 'GET', `${path}/results/result`)
    expect([path, phase, answer.status]).toEqual([path, phase, phase === 'COMPLETED' ? 200 : 404])
    if (phase === 'COMPLETED') expect(Buffer.byteLength(answer.text)).toBe(result?.bytes)
  }
  for (const [path, length] of told.completed) {
    expect(jobs.get(path)?.phase).toBe('COMPLETED')
    expect((await fleet.call(jobs.get(path)?.owner ?? '', 'GET', `${path}/results/result`)).text.length).toBe(length)
  }
  expect([...told.created].filter((path) => !jobs.has(path) && !told.deleted.has(path))).toEqual([])
  // A job that was due leaves a record.
  for (const path of told.deleted) expect([path, jobs.get(path)?.phase ?? 'ARCHIVED']).toEqual([path, 'ARCHIVED'])
  for (const [path, other] of told.shared) {
    const completed = jobs.get(path)?.phase === 'COMPLETED'
    const { status } = await fleet.call(other, 'GET', `${path}/results/result`)
    expect([path, status]).toEqual([path, completed ? 200 : 404])
    expect((await fleet.call('stranger', 'GET', `${path}/results/result`)).status).toBe(403)
    expect((await fleet.call(other, 'DELETE', path)).status).toBe(403)
  }
  for (const path of told.aborted) expect([path, jobs.get(path)?.phase]).toEqual([path, 'ABORTED'])
}

/** Each event has come, at least once, and those of one item for the first time in their order. */
export async function checkEvents(fleet: Fleet): Promise<void> {
  const { rows } = await fleet.pool.query<{ item: string; sequence: string }>(
    "select server || ' ' || item as item, sequence from uws.event order by sequence",
  )
  const written = Map.groupBy(rows, ({ item }) => item)
  const came = Map.groupBy(fleet.events, ({ item }) => item)
  for (const [item, events] of written) {
    const first = [...new Set((came.get(item) ?? []).map(({ sequence }) => sequence))]
    expect([item, first]).toEqual([item, events.map(({ sequence }) => Number(sequence))])
  }
}

/** What counts for the quota of a user is what is there. */
export async function checkQuotas(fleet: Fleet): Promise<void> {
  const { rows } = await fleet.pool.query<{ who: string; stored: string; counted: string; underway: string }>(
    `select server || ' ' || owner as who, stored_bytes as stored, underway,
            (select coalesce(sum(uws.bytes_of(result, uploads)), 0) from uws.job j
              where j.server = o.server and j.owner = o.owner and phase <> 'ARCHIVED') as counted
       from (select distinct server, owner from uws.job) o, uws.usage(server, owner)`,
  )
  const sizes = new Map((fleet.gcs.store.objects(BUCKET) ?? []).map(({ name, size }) => [name, Number(size)]))
  const { rows: jobs } = await fleet.pool.query<{ who: string; objects: string[] }>(
    `select server || ' ' || owner as who, array_remove(array_agg(result ->> 'object') || array_agg(upload ->> 'object'), null) as objects
       from uws.job left join jsonb_array_elements(uploads) as upload on true
      where phase <> 'ARCHIVED' group by server, owner`,
  )
  for (const { who, stored, counted, underway } of rows) {
    const objects = new Set(jobs.find((one) => one.who === who)?.objects)
    const bytes = [...objects].reduce((sum, name) => sum + (sizes.get(name) ?? Number.NaN), 0)
    expect([who, Number(stored), Number(counted), Number(underway)]).toEqual([who, bytes, bytes, 0])
  }
}

/** One object for each COMPLETED job, the one of its row; what is left beside these goes with the sweep. */
export async function checkObjects(fleet: Fleet, logger: Logger): Promise<void> {
  const objects = () => fleet.gcs.store.objects(BUCKET) ?? []
  const rows = await rowsOf(fleet)
  for (const { id, phase, result } of rows) {
    const found = objects().filter(
      ({ name, generation }) => name === result?.object && generation === result.generation,
    )
    expect([id, phase, found.length]).toEqual([id, phase, phase === 'COMPLETED' ? 1 : 0])
  }
  for (const object of objects()) await fleet.gcs.store.update({ ...object, timeCreated: '2001-01-01T00:00:00Z' })
  await sweep(fleet, logger)
  const known = new Set(rows.map(({ id }) => id))
  const left = objects().filter(({ name }) => !name.startsWith('.almagest/'))
  expect(left.filter(({ name }) => !known.has(name.split('/')[2] ?? '')).map(({ name }) => name)).toEqual([])
  const results = left.map(({ name }) => name).filter((name) => name.startsWith('r/'))
  expect(results.sort()).toEqual(rows.flatMap(({ result }) => (result === null ? [] : [result.object])).sort())
}

/** What users had kept is gone, and nothing of it is left: no table without an entry, no share and no quota. */
export async function checkTables(fleet: Fleet): Promise<void> {
  const { rows } = await fleet.pool.query(
    `select (select count(*)::int from user_tables.item) as items,
            (select count(*)::int from pg_class where relnamespace = 'user_data'::regnamespace) as relations,
            (select count(*)::int from uws.share where item_type = 'table') as shares`,
  )
  expect(rows).toEqual([{ items: 0, relations: 0, shares: 0 }])
}
