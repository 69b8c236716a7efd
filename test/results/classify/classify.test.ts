import { describe, expect, it } from 'vitest'
import { classifyPage } from '../../../shared/results/classify/classify-page.ts'
import { REASONS } from '../../../shared/results/classify/classify-result.ts'
import type { Job } from '../../../shared/results/classify/jobs.ts'
import { createMatchRule } from '../../../shared/results/classify/match-rule.ts'
import { createOwnerLookup } from '../../../shared/results/classify/owners.ts'
import type { ListedObject } from '../../../shared/stored-objects.ts'
import { DAY, FLAT, HOUR, JobsInMemory, SHARDED, TEMPORARY } from '../config.ts'

const NOW = Date.parse('2026-11-21T12:00:00Z')
const RULES = [FLAT, SHARDED, TEMPORARY]

interface Case {
  readonly object?: Partial<ListedObject>
  /** Age of the object; 10 days unless given. */
  readonly age?: number
  /** Its job; null: not in the table; not given: there is no table. */
  readonly job?: Partial<Job> | null
  /** When the newest job of the table was made. */
  readonly newest?: number
  readonly verdict: string
}

const iso = (time: number) => new Date(time).toISOString()

async function classify({ object = {}, age = 10 * DAY, job, newest = NOW }: Case): Promise<string> {
  const listed: ListedObject = {
    name: 'result_abc.xml',
    generation: '1',
    metageneration: '1',
    size: 1,
    timeCreated: iso(NOW - age),
    customTime: null,
    held: false,
    retainedUntil: null,
    metadata: {},
    ...object,
  }
  const jobs = new JobsInMemory(() => NOW)
  jobs.set('another', { created: newest })
  if (job != null) jobs.set('abc', job)
  const owners = createOwnerLookup(job === undefined ? null : jobs, DAY, jobs.date)
  const [found] = await classifyPage([listed], await createMatchRule(RULES), owners, NOW)
  return `${found?.verdict.action} ${found?.verdict.reason}`
}

const CASES: Readonly<Record<string, Case>> = {
  'an object that fits no rule is only counted': { object: { name: 'notes.txt' }, verdict: 'keep unmatched' },
  'a name that only begins like one of a rule fits none': {
    object: { name: 'result_abc.xml.bak' },
    verdict: 'keep unmatched',
  },
  'a hold keeps what is long expired': { object: { held: true }, verdict: 'keep held' },
  'a hold keeps what the user has deleted': {
    object: { held: true },
    job: { deletedByUser: true },
    verdict: 'keep held',
  },
  'a retention policy keeps it until its time': {
    object: { retainedUntil: iso(NOW + 1) },
    verdict: 'keep retained',
  },
  'a retention policy that has ended keeps nothing': {
    object: { retainedUntil: iso(NOW) },
    verdict: 'delete past-retention',
  },
  'a customTime in the future keeps it': { object: { customTime: iso(NOW + 1) }, verdict: 'keep custom-time' },
  'a customTime that has come keeps nothing': {
    object: { customTime: iso(NOW) },
    verdict: 'delete past-retention',
  },
  'a customTime that cannot be read keeps it': { object: { customTime: 'soon' }, verdict: 'keep custom-time' },
  'nothing younger than the minimum age goes, even of a deleted job': {
    age: DAY - 1,
    job: { deletedByUser: true },
    verdict: 'keep young',
  },
  'the minimum age over, it goes': { age: DAY, job: { deletedByUser: true }, verdict: 'delete user-deleted' },
  'an object from the future, by a clock that is wrong, is young': { age: -HOUR, verdict: 'keep young' },
  'name and metadata that name different jobs keep it': {
    object: { metadata: { jobid: 'xyz' } },
    job: { deletedByUser: true },
    verdict: 'keep owner-conflict',
  },
  'without a job table age decides: too young': { age: 7 * DAY - 1, verdict: 'keep within-retention' },
  'without a job table age decides: old enough': { age: 7 * DAY, verdict: 'delete past-retention' },
  'each rule has its own retention': {
    object: { name: 't/scratch' },
    age: 2 * DAY,
    verdict: 'delete past-retention',
  },
  'an object without a job id goes by age, also where there is a job table': {
    object: { name: 't/scratch' },
    age: 2 * DAY,
    job: null,
    verdict: 'delete past-retention',
  },
  'an executing job keeps its objects whatever the age': {
    age: 400 * DAY,
    job: { phase: 'EXECUTING' },
    verdict: 'keep active',
  },
  'a job that runs beyond its destruction time keeps them too': {
    job: { phase: 'EXECUTING', destruction: NOW - DAY },
    verdict: 'keep active',
  },
  'a phase that nobody knows counts as active': { job: { phase: 'DREAMING' }, verdict: 'keep active' },
  'a job that the user deleted while it ran loses them': {
    job: { phase: 'EXECUTING', deletedByUser: true },
    verdict: 'delete user-deleted',
  },
  'an archived job has been destroyed': { job: { phase: 'ARCHIVED' }, verdict: 'delete destroyed' },
  'a job without destruction time keeps its objects': { age: 400 * DAY, job: {}, verdict: 'keep undestroyed' },
  'a job whose destruction is to come keeps them': {
    age: 400 * DAY,
    job: { destruction: NOW + 1 },
    verdict: 'keep undestroyed',
  },
  'a job whose destruction has come loses them': {
    age: DAY,
    job: { destruction: NOW },
    verdict: 'delete past-destruction',
  },
  'a failed job is treated like any other that has ended': {
    object: { name: 'error_abc.xml' },
    job: { phase: 'ERROR', destruction: NOW - 1 },
    verdict: 'delete past-destruction',
  },
  'the job table is asked before the metadata: destruction was extended': {
    object: { metadata: { destruction: iso(NOW - DAY) } },
    job: { destruction: NOW + DAY },
    verdict: 'keep undestroyed',
  },
  'the job table is asked before the metadata: destruction was shortened': {
    object: { metadata: { destruction: iso(NOW + DAY) } },
    job: { destruction: NOW - 1 },
    verdict: 'delete past-destruction',
  },
  'the result of an unknown job is an orphan after the grace time': { job: null, verdict: 'delete orphan' },
  'within the grace time the job may still be committed': {
    object: { name: 't/scratch', metadata: { jobid: 'abc' } },
    age: 23 * HOUR,
    job: null,
    verdict: 'keep orphan-grace',
  },
  'an orphan whose own destruction is to come stays': {
    object: { metadata: { destruction: iso(NOW + 1) } },
    job: null,
    verdict: 'keep own-destruction-to-come',
  },
  'what is newer than every job of the table may belong to one that it lacks': {
    age: 2 * DAY,
    newest: NOW - 3 * DAY,
    job: null,
    verdict: 'keep table-behind',
  },
  'its own destruction to come keeps it beyond the retention': {
    object: { metadata: { destruction: iso(NOW + 1) } },
    age: 400 * DAY,
    verdict: 'keep own-destruction-to-come',
  },
  'its own destruction over, it goes before the retention': {
    object: { metadata: { destruction: iso(NOW) } },
    age: DAY,
    verdict: 'delete own-destruction',
  },
  'a destruction without time zone is UTC': {
    object: { metadata: { destruction: '2026-11-21T12:00:00.001' } },
    verdict: 'keep own-destruction-to-come',
  },
  'a destruction that cannot be read keeps it': {
    object: { metadata: { destruction: 'next week' } },
    verdict: 'keep unreadable-destruction',
  },
  'a destruction on a day that there is not keeps it': {
    object: { metadata: { destruction: '2026-13-40' } },
    verdict: 'keep unreadable-destruction',
  },
  // Results-gc §4.4, two workers: CADC's tables do not say which attempt was committed, so nobody guesses.
  'all attempts of a live job stay': {
    object: { name: 'r/0f/abc/1/result.vot' },
    job: { destruction: NOW + DAY },
    verdict: 'keep undestroyed',
  },
  'an attempt that did not become the result goes, where the table says which did': {
    object: { name: 'r/0f/abc/1/result.vot' },
    job: { destruction: NOW + DAY, result: { object: 'r/0f/abc/2/result.vot', generation: '1' } },
    verdict: 'delete former-attempt',
  },
  'so does another generation of it': {
    object: { name: 'r/0f/abc/2/result.vot', generation: '7' },
    job: { destruction: NOW + DAY, result: { object: 'r/0f/abc/2/result.vot', generation: '1' } },
    verdict: 'delete former-attempt',
  },
  'and what a job has left that has no result': {
    object: { name: 'r/0f/abc/1/result.vot' },
    job: { phase: 'ABORTED', destruction: NOW + DAY, result: null },
    verdict: 'delete former-attempt',
  },
  'the result itself stays': {
    object: { name: 'r/0f/abc/2/result.vot' },
    job: { destruction: NOW + DAY, result: { object: 'r/0f/abc/2/result.vot', generation: '1' } },
    verdict: 'keep undestroyed',
  },
  'no attempt of an active job goes': {
    object: { name: 'r/0f/abc/1/result.vot' },
    job: { phase: 'QUEUED', destruction: NOW + DAY, result: null },
    verdict: 'keep active',
  },
  'all attempts of a destroyed job go': {
    object: { name: 'r/0f/abc/2/result.vot' },
    job: { destruction: NOW - DAY },
    verdict: 'delete past-destruction',
  },
}

describe('an object of the results bucket', () => {
  it.each(Object.entries(CASES))('%s', async (_, example) => {
    expect(await classify(example)).toBe(example.verdict)
  })

  it('has an example here for every reason that there is', () => {
    const shown = new Set(Object.values(CASES).map(({ verdict }) => verdict))
    expect(REASONS.map(({ action, reason }) => `${action} ${reason}`).filter((verdict) => !shown.has(verdict))).toEqual(
      [],
    )
  })

  it('the first rule that fits decides', async () => {
    const early = { ...FLAT, name: 'early', retentionMs: 400 * DAY }
    const object = { name: 'result_a.xml', timeCreated: iso(NOW - 8 * DAY), size: 1, metadata: {} }
    const listed = {
      ...object,
      generation: '1',
      metageneration: '1',
      customTime: null,
      held: false,
      retainedUntil: null,
    }
    const owners = createOwnerLookup(null, 0, () => NOW)
    const [first] = await classifyPage([listed], await createMatchRule([early, FLAT]), owners, NOW)
    const [second] = await classifyPage([listed], await createMatchRule([FLAT, early]), owners, NOW)
    expect([first?.verdict.reason, second?.verdict.reason]).toEqual(['within-retention', 'past-retention'])
  })

  it('asks the job table once for a page, and only for jobs that matter', async () => {
    const jobs = new JobsInMemory(() => NOW)
    jobs.set('a', { created: NOW })
    const asked: string[][] = []
    const find = jobs.find.bind(jobs)
    jobs.find = (ids) => {
      asked.push([...ids])
      return find(ids)
    }
    const named = (name: string, change: Partial<ListedObject> = {}): ListedObject => ({
      ...{ name, generation: '1', metageneration: '1', size: 1, timeCreated: iso(NOW - 9 * DAY) },
      ...{ customTime: null, held: false, retainedUntil: null, metadata: {} },
      ...change,
    })
    const objects = [
      ...[named('result_a.xml'), named('error_a.xml'), named('result_b.xml'), named('t/x')],
      ...[named('result_held.xml', { held: true }), named('other.txt')],
    ]
    await classifyPage(objects, await createMatchRule(RULES), createOwnerLookup(jobs, DAY, jobs.date), NOW)
    expect(asked).toEqual([['a', 'b']])
  })
})
