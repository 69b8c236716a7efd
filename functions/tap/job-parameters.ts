import { HttpError } from '../../shared/platform/http/errors.ts'
import type { Form } from '../../shared/platform/http/form.ts'
import type { JobMode, Parameter } from '../../shared/uws/job.ts'
import { PHASES, UNUSED_PHASES } from '../../shared/uws/phase.ts'
import type { Grantee } from '../../shared/uws/share-job.ts'

/** What a request about a job says beside the parameters of the query (UWS 1.1 §2.2.3). Names compare without case. */

/** Of the job, and not of its query. */
const CONTROLS: readonly string[] = ['PHASE', 'EXECUTIONDURATION', 'DESTRUCTION', 'RUNID', 'ACTION', 'WAIT']

/** Whether it is there, with a value or without. */
export function hasParameter({ pairs }: Pick<Form, 'pairs'>, name: string): boolean {
  return pairs.some(([given]) => given.toUpperCase() === name)
}

/** The value of a parameter; undefined: it is left out or empty. @throws HttpError 400 when it is given twice */
export function parameterOf(form: Pick<Form, 'pairs'>, name: string): string | undefined {
  const [value, ...others] = valuesOf(form, name)
  if (others.length === 0) return value
  throw bad(`${name} is given ${others.length + 1} times: give it once`)
}

/**
 * The parameters of the query; they are not looked at before the job runs (TAP 1.1 §2.3).
 *
 * @throws HttpError 400 for what no table can keep
 */
export function queryParameters({ pairs }: Pick<Form, 'pairs'>): readonly Parameter[] {
  return pairs.flatMap(([given, value]) => {
    const name = given.toUpperCase()
    refuseNul(name, value)
    return CONTROLS.includes(name) ? [] : [{ name, value }]
  })
}

/** PostgreSQL has no text with NUL in it. @throws HttpError 400 */
export function refuseNul(name: string, value = ''): void {
  if (!`${name}${value}`.includes('\0')) return
  throw bad(`the parameter ${JSON.stringify(name)} has a NUL character (U+0000)`)
}

const RUNID_LENGTH = 64

export function readRunId(form: Pick<Form, 'pairs'>): string | null {
  const runId = parameterOf(form, 'RUNID')
  if (runId === undefined) return null
  if (runId.length <= RUNID_LENGTH && !/\p{Cc}/u.test(runId)) return runId
  throw bad(`RUNID has at most ${RUNID_LENGTH} characters, none of them a control character`)
}

/** PHASE=RUN or PHASE=ABORT. */
export function readPhaseChange(form: Pick<Form, 'pairs'>): 'RUN' | 'ABORT' | undefined {
  const phase = parameterOf(form, 'PHASE')
  if (phase === undefined || phase === 'RUN' || phase === 'ABORT') return phase
  throw bad(`PHASE is RUN or ABORT, not ${JSON.stringify(phase)}`)
}

/** Whole seconds; 0 asks for as long as there is (UWS 1.1 §2.1.5). */
export function readExecutionSeconds(
  text: string | undefined,
  { default: usual, hard }: { readonly default: number; readonly hard: number },
): number {
  if (text === undefined) return usual
  if (!/^\d+$/.test(text)) throw bad(`EXECUTIONDURATION is a whole number of seconds, not ${JSON.stringify(text)}`)
  const seconds = Number(text)
  return seconds === 0 ? hard : Math.min(seconds, hard)
}

const INSTANT = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?)?$/

/** A date, or date and time in UTC (DALI 1.1 §3.1.2). */
export function readInstant(name: string, text: string): Date {
  const time = INSTANT.test(text) ? new Date(/T.*[^Z]$/.test(text) ? `${text}Z` : text) : new Date(Number.NaN)
  if (!Number.isNaN(time.getTime())) return time
  throw bad(`${name} is a time such as 2026-11-27T12:00:00Z, in UTC, not ${JSON.stringify(text)}`)
}

function valuesOf({ pairs }: Pick<Form, 'pairs'>, wanted: string): readonly string[] {
  return pairs.flatMap(([name, value]) => (name.toUpperCase() === wanted && value !== '' ? [value] : []))
}

const MAX_GRANTEES = 100

/** Of a user or group. */
const NAME = /^[^\s\p{Cc}]{1,256}$/u

/** With whom a job is to be shared: USER and GROUP, each as often as wanted. */
export function readGrantees(form: Pick<Form, 'pairs'>): readonly Grantee[] {
  const grantees = (['user', 'group'] as const).flatMap((type) =>
    valuesOf(form, type.toUpperCase()).map((name) => ({ type, name })),
  )
  if (grantees.length === 0) throw bad('USER or GROUP is missing: who is meant')
  if (grantees.length > MAX_GRANTEES) throw bad(`at most ${MAX_GRANTEES} users and groups at a time`)
  const wrong = grantees.find(({ name }) => !NAME.test(name))
  if (wrong !== undefined) throw bad(`${JSON.stringify(wrong.name)} is not a name of a ${wrong.type}`)
  return [...new Map(grantees.map((grantee) => [JSON.stringify(grantee), grantee])).values()]
}

/** MEMBER, as often as wanted. */
export function readMembers(form: Pick<Form, 'pairs'>): readonly string[] {
  const members = [...new Set(valuesOf(form, 'MEMBER'))]
  const wrong = members.find((name) => !NAME.test(name))
  if (wrong !== undefined) throw bad(`${JSON.stringify(wrong)} is not a name of a user`)
  return members
}

/** How long the list may be where nobody says. */
const LISTED = 500

const MODES: readonly JobMode[] = ['async', 'sync']

export function readFilter({ pairs }: Pick<Form, 'pairs'>): {
  readonly modes: readonly JobMode[]
  /** Jobs of others that are shared with the caller. */
  readonly shared: boolean
  readonly phases: readonly string[]
  readonly after: Date | null
  readonly last: number
} {
  const phases = valuesOf({ pairs }, 'PHASE')
  const asked = valuesOf({ pairs }, 'MODE')
  const modes = asked.length === 0 ? (['async'] as const) : MODES.filter((mode) => asked.includes(mode))
  const foreign = asked.find((mode) => !MODES.some((known) => known === mode))
  if (foreign !== undefined) throw bad(`MODE is async or sync, not ${JSON.stringify(foreign)}`)
  const shared = parameterOf({ pairs }, 'SHARED') ?? 'false'
  if (shared !== 'true' && shared !== 'false') throw bad(`SHARED is true or false, not ${JSON.stringify(shared)}`)
  const known: readonly string[] = [...PHASES, ...UNUSED_PHASES]
  const unknown = phases.find((phase) => !known.includes(phase))
  if (unknown !== undefined) throw bad(`there is no phase ${JSON.stringify(unknown)}: there are ${known.join(', ')}`)
  const after = parameterOf({ pairs }, 'AFTER')
  const last = parameterOf({ pairs }, 'LAST')
  if (last !== undefined && !/^0*[1-9]\d*$/.test(last)) {
    throw bad(`LAST is a whole number, 1 or more, not ${JSON.stringify(last)}`)
  }
  return {
    ...{ modes, phases, shared: shared === 'true' },
    after: after === undefined ? null : readInstant('AFTER', after),
    last: Math.min(Number(last ?? LISTED), LISTED),
  }
}

/** The longest that one request waits: proxies in between may be less patient. */
const LONGEST_WAIT = 25

/** Seconds; -1 and more than that mean as long as there is (UWS 1.1 §2.2.1.1). undefined: do not wait. */
export function readWait(form: Pick<Form, 'pairs'>): number | undefined {
  const wait = parameterOf(form, 'WAIT')
  if (wait === undefined) return undefined
  if (!/^(?:-1|\d+)$/.test(wait)) {
    throw bad(`WAIT is a whole number of seconds, or -1 for as long as there is, not ${JSON.stringify(wait)}`)
  }
  return wait === '-1' ? LONGEST_WAIT : Math.min(Number(wait), LONGEST_WAIT)
}

export function bad(msg: string): HttpError {
  return new HttpError(400, { msg, type: 'parameter' })
}
