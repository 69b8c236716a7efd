import { type Fleet, newName, REMOTE, ROWS } from './fleet.ts'
import { pause } from './upset.ts'

/** What users have been told, to be held against what is there in the end. */
export interface Told {
  /** Every job that was made, in that order. */
  readonly created: Set<string>
  /** Jobs that were seen COMPLETED, and the length of the result that was read. */
  readonly completed: Map<string, number>
  readonly deleted: Set<string>
  /** Jobs that another user may read. */
  readonly shared: Map<string, string>
  /** Aborted before anybody saw them end. */
  readonly aborted: Set<string>
}

export function nothingTold(): Told {
  return { created: new Set(), completed: new Map(), deleted: new Set(), shared: new Map(), aborted: new Set() }
}

type Random = () => number

export const QUICK = {
  LANG: 'ADQL',
  FORMAT: 'csv',
  QUERY: 'SELECT TOP 5 object_id, ra FROM survey.object ORDER BY object_id',
}
const LARGE = { LANG: 'ADQL', QUERY: 'SELECT * FROM survey.object' }
const WRONG = { LANG: 'ADQL', QUERY: 'SELECT nothing FROM survey.object' }
const SCHEMA = { LANG: 'ADQL', QUERY: 'SELECT table_name FROM TAP_SCHEMA.tables' }
/** Some tenths of a second. */
const SLOW = {
  ...{ LANG: 'ADQL', FORMAT: 'csv' },
  QUERY: `SELECT COUNT(*) AS n FROM survey.object AS a, survey.object AS b WHERE a.ra + b.dec > a.dec * b.ra`,
}
export const ENDLESS = {
  LANG: 'ADQL',
  QUERY: 'SELECT COUNT(*) AS n FROM survey.object AS a, survey.object AS b, survey.object AS c, survey.object AS d',
}

interface Habit {
  readonly weight: number
  act(fleet: Fleet, user: string, told: Told, random: Random): Promise<void>
}

const HABITS: readonly Habit[] = [
  { weight: 25, act: (fleet, user, told) => runAndRead(fleet, user, QUICK, told) },
  { weight: 10, act: (fleet, user, told) => runAndRead(fleet, user, LARGE, told) },
  { weight: 5, act: (fleet, user, told) => runAndRead(fleet, user, SCHEMA, told) },
  { weight: 10, act: async (fleet, user, told) => void (await start(fleet, user, SLOW, told)) },
  { weight: 5, act: async (fleet, user, told) => void (await start(fleet, user, WRONG, told)) },
  {
    weight: 3,
    act: async (fleet, user, told) => void (await start(fleet, user, { ...ENDLESS, EXECUTIONDURATION: '1' }, told)),
  },
  { weight: 7, act: changeAndRun },
  { weight: 8, act: share },
  { weight: 15, act: abortSoon },
  { weight: 15, act: deleteSoon },
  { weight: 5, act: leave },
]

/** Of the server whose queries are Qserv's. */
const REMOTE_HABITS: readonly Habit[] = [
  { weight: 12, act: (fleet, user, told) => runAndRead(fleet, user, QUICK, told, REMOTE) },
  {
    weight: 4,
    act: async (fleet, user, told, random) => {
      const job = await start(fleet, user, QUICK, told, REMOTE)
      await pause(400 * random())
      await abort(fleet, user, job, told)
    },
  },
  {
    weight: 4,
    act: async (fleet, user, told, random) => {
      const job = await start(fleet, user, QUICK, told, REMOTE)
      await pause(400 * random())
      await remove(fleet, user, job, told)
    },
  },
]

/** One user's jobs, one after the other, each of a kind that chance decides. */
export async function behave(fleet: Fleet, user: string, jobs: number, told: Told, random: Random): Promise<void> {
  const habits = fleet.qserv === null ? HABITS : [...HABITS, ...REMOTE_HABITS]
  const total = habits.reduce((sum, { weight }) => sum + weight, 0)
  for (let job = 0; job < jobs; job++) {
    let choice = random() * total
    const habit = habits.find(({ weight }) => {
      choice -= weight
      return choice < 0
    })
    await habit?.act(fleet, user, told, random)
  }
}

/** A sync query with an upload. @returns the status */
export async function askAtOnce(fleet: Fleet, user: string): Promise<number> {
  const { status, text } = await fleet.call(user, 'POST', '/sync', queryWithUpload())
  if (status === 200 && text.trimEnd().split('\n').length !== 3) throw new Error(`a sync query lost rows: ${text}`)
  return status
}

export function queryWithUpload(): FormData {
  const form = new FormData()
  form.set('LANG', 'ADQL')
  form.set('FORMAT', 'csv')
  form.set('QUERY', 'SELECT o.ra FROM TAP_UPLOAD.mine AS m JOIN survey.object AS o ON o.object_id = m.x')
  form.set('UPLOAD', 'mine,param:table')
  form.set('table', new Blob(['x\n1\n2\n'], { type: 'text/csv' }), 'table.csv')
  return form
}

/** A sync query of Qserv. @returns the status */
export async function askQserv(fleet: Fleet, user: string): Promise<number> {
  const { status, text } = await fleet.call(user, 'POST', `${REMOTE}/sync`, QUICK)
  if (status === 200 && text.trimEnd().split('\n').length !== 6) throw new Error(`a sync query lost rows: ${text}`)
  return status
}

/** Jobs that a user keeps. */
const KEPT = 30

/** The user reads the oldest of his jobs once more and deletes them; those that are under way are left. */
export async function tidy(fleet: Fleet, user: string, told: Told): Promise<void> {
  for (const job of [...told.created].slice(0, -KEPT)) {
    const { text } = await fleet.call(user, 'GET', `${job}/phase`)
    if (['QUEUED', 'EXECUTING'].includes(text)) continue
    const length = told.completed.get(job)
    const result = length === undefined ? null : await fleet.call(user, 'GET', `${job}/results/result`)
    if (result !== null && result.text.length !== length)
      throw new Error(`the result of ${job} is lost: ${result.text}`)
    if (!told.deleted.has(job)) await remove(fleet, user, job, told)
    for (const known of [told.created, told.completed, told.shared, told.aborted]) known.delete(job)
  }
}

type Parameters = Readonly<Record<string, string>>

/** @returns `/async/{id}` */
export async function create(
  fleet: Fleet,
  user: string,
  form: Parameters,
  { told, server = '' }: { readonly told?: Told; readonly server?: string } = {},
): Promise<string> {
  const { status, location, text } = await fleet.call(user, 'POST', `${server}/async`, { ...form, RUNID: newName() })
  if (status !== 303) throw new Error(`a job could not be made: ${status} ${text}`)
  told?.created.add(location)
  return location
}

function start(fleet: Fleet, user: string, form: Parameters, told: Told, server = ''): Promise<string> {
  return create(fleet, user, { ...form, PHASE: 'RUN' }, { told, server })
}

async function runAndRead(fleet: Fleet, user: string, form: Parameters, told: Told, server = '') {
  const job = await start(fleet, user, form, told, server)
  const { text } = await fleet.call(user, 'GET', `${job}?WAIT=1`)
  if (!/<uws:phase>COMPLETED</.test(text)) return
  const result = await fleet.call(user, 'GET', `${job}/results/result`)
  if (result.status !== 200) throw new Error(`${job} is COMPLETED without a result: ${result.status} ${result.text}`)
  told.completed.set(job, result.text.length)
}

async function changeAndRun(fleet: Fleet, user: string, told: Told) {
  const job = await create(fleet, user, WRONG, { told })
  const changed = await fleet.call(user, 'POST', `${job}/parameters`, QUICK)
  if (changed.status !== 303) throw new Error(`parameters could not be set: ${changed.status} ${changed.text}`)
  const form = new FormData()
  form.set('table', new Blob([`x\n${ROWS}\n`], { type: 'text/csv' }), 'table.csv')
  form.set('UPLOAD', 'mine,param:table')
  await fleet.call(user, 'POST', `${job}/parameters`, form)
  await fleet.call(user, 'POST', `${job}/phase`, { PHASE: 'RUN' })
  await fleet.call(user, 'GET', `${job}?WAIT=1`)
}

async function abortSoon(fleet: Fleet, user: string, told: Told, random: Random) {
  const job = await start(fleet, user, random() < 0.5 ? SLOW : ENDLESS, told)
  await pause(600 * random())
  await abort(fleet, user, job, told)
}

async function abort(fleet: Fleet, user: string, job: string, told: Told) {
  await fleet.call(user, 'POST', `${job}/phase`, { PHASE: 'ABORT' })
  const { text } = await fleet.call(user, 'GET', `${job}/phase`)
  if (text === 'ABORTED') told.aborted.add(job)
  else if (!['COMPLETED', 'ERROR'].includes(text)) throw new Error(`${job} was aborted and is ${text}`)
}

async function deleteSoon(fleet: Fleet, user: string, told: Told, random: Random) {
  const job = await start(fleet, user, random() < 0.5 ? QUICK : ENDLESS, told)
  await pause(600 * random())
  await remove(fleet, user, job, told)
}

async function remove(fleet: Fleet, user: string, job: string, told: Told) {
  // 404: the answer to a first request was lost.
  const { status, text } = await fleet.call(user, 'DELETE', job)
  if (![303, 404].includes(status)) throw new Error(`${job} could not be deleted: ${status} ${text}`)
  told.deleted.add(job)
}

async function share(fleet: Fleet, user: string, told: Told, random: Random) {
  const job = await start(fleet, user, QUICK, told)
  const other = `friend${Math.floor(random() * 5)}`
  const { status, text } = await fleet.call(user, 'POST', `${job}/share`, { USER: other })
  if (status !== 303) throw new Error(`${job} could not be shared: ${status} ${text}`)
  const read = await fleet.call(other, 'GET', job)
  if (read.status !== 200) throw new Error(`${other} may not read ${job}: ${read.status} ${read.text}`)
  told.shared.set(job, other)
}

/** A job that is never started, and due. */
async function leave(fleet: Fleet, user: string, told: Told) {
  const job = await create(fleet, user, QUICK, { told })
  await fleet.call(user, 'POST', `${job}/destruction`, { DESTRUCTION: '2001-01-01' })
  told.deleted.add(job)
}
