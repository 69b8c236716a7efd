import type { ListedObject } from '../../stored-objects.ts'
import { isActive, isDestroyed, type Job } from './jobs.ts'
import type { RuleMatch } from './match-rule.ts'

/** Who an object belongs to, as far as the job table says. */
export type Owner =
  /** There is no job table, or the object names no job. */
  | { readonly kind: 'nobody' }
  | { readonly kind: 'job'; readonly job: Job }
  /** Not in the table, whose newest job is of this time; orphans are deleted after `graceMs`. */
  | { readonly kind: 'unknown'; readonly newest: number; readonly graceMs: number }

export interface Subject {
  readonly object: ListedObject
  /** Milliseconds since 1970. */
  readonly created: number
  readonly match: RuleMatch | null
  /** When the object itself says that it may be deleted; NaN: what it says is not a time. */
  readonly ownDestruction: number | null
  readonly owner: Owner
  /** The time of the whole sweep, by the earliest of the clocks that were compared. */
  readonly now: number
}

export type Action = 'keep' | 'delete'

interface Rule {
  readonly reason: string
  readonly action: Action
  /** For people: why. */
  readonly meaning: string
  readonly applies: (subject: Subject) => boolean
}

/** Reasons to keep an object that do not depend on its job. */
const PROTECTIONS = [
  {
    reason: 'unmatched',
    action: 'keep',
    meaning: 'fits no rule',
    applies: ({ match }) => match === null,
  },
  {
    reason: 'held',
    action: 'keep',
    meaning: 'is under a hold',
    applies: ({ object }) => object.held,
  },
  {
    reason: 'retained',
    action: 'keep',
    meaning: 'is kept by a retention policy',
    applies: ({ object, now }) => isLater(object.retainedUntil, now),
  },
  {
    reason: 'custom-time',
    action: 'keep',
    meaning: 'its customTime is still to come',
    applies: ({ object, now }) => isLater(object.customTime, now),
  },
  {
    reason: 'young',
    action: 'keep',
    meaning: 'is younger than the minimum age of its rule',
    applies: ({ match, created, now }) => !(created <= now - (match?.rule.minimumAgeMs ?? 0)),
  },
  {
    reason: 'owner-conflict',
    action: 'keep',
    meaning: 'its name and its metadata name different jobs',
    applies: ({ match, object }) => {
      const named = object.metadata.jobid
      return match?.job != null && named !== undefined && named !== match.job
    },
  },
] as const satisfies readonly Rule[]

/** What decides about the others. The job table comes first: an object cannot know what became of its job. */
const VERDICTS = [
  {
    reason: 'user-deleted',
    action: 'delete',
    meaning: 'the user has deleted its job',
    applies: ({ owner }) => owner.kind === 'job' && owner.job.deletedByUser,
  },
  {
    reason: 'destroyed',
    action: 'delete',
    meaning: 'its job is destroyed',
    applies: ({ owner }) => owner.kind === 'job' && isDestroyed(owner.job),
  },
  {
    reason: 'active',
    action: 'keep',
    meaning: 'its job has not ended',
    applies: ({ owner }) => owner.kind === 'job' && isActive(owner.job),
  },
  {
    reason: 'former-attempt',
    action: 'delete',
    meaning: 'its job has ended, and this is not its result',
    applies: ({ owner, match, object }) => {
      if (owner.kind !== 'job' || owner.job.result === undefined || match?.rule.kind !== 'result') return false
      const { result } = owner.job
      return result === null || result.object !== object.name || result.generation !== object.generation
    },
  },
  {
    reason: 'past-destruction',
    action: 'delete',
    meaning: 'the destruction time of its job is over',
    applies: ({ owner, now }) => owner.kind === 'job' && owner.job.destruction !== null && owner.job.destruction <= now,
  },
  {
    reason: 'undestroyed',
    action: 'keep',
    meaning: 'its job is not to be destroyed yet',
    applies: ({ owner }) => owner.kind === 'job',
  },
  {
    reason: 'unreadable-destruction',
    action: 'keep',
    meaning: 'its destruction metadata is not a time',
    applies: ({ ownDestruction }) => Number.isNaN(ownDestruction),
  },
  {
    reason: 'own-destruction-to-come',
    action: 'keep',
    meaning: 'its destruction metadata is still to come',
    applies: ({ ownDestruction, now }) => ownDestruction !== null && ownDestruction > now,
  },
  {
    reason: 'table-behind',
    action: 'keep',
    meaning: 'is newer than every job of the table, which may lack its job',
    applies: ({ owner, created }) => owner.kind === 'unknown' && created > owner.newest,
  },
  {
    reason: 'orphan-grace',
    action: 'keep',
    meaning: 'its job is unknown, but it is younger than the grace time',
    applies: ({ owner, created, now }) => owner.kind === 'unknown' && created > now - owner.graceMs,
  },
  {
    reason: 'orphan',
    action: 'delete',
    meaning: 'its job is unknown',
    applies: ({ owner }) => owner.kind === 'unknown',
  },
  {
    reason: 'own-destruction',
    action: 'delete',
    meaning: 'its destruction metadata is over',
    applies: ({ ownDestruction }) => ownDestruction !== null,
  },
  {
    reason: 'within-retention',
    action: 'keep',
    meaning: 'is younger than the retention of its rule',
    applies: ({ match, created, now }) => !(created <= now - (match?.rule.retentionMs ?? Number.POSITIVE_INFINITY)),
  },
  {
    reason: 'past-retention',
    action: 'delete',
    meaning: 'is older than the retention of its rule',
    applies: () => true,
  },
] as const satisfies readonly Rule[]

export type Reason = (typeof PROTECTIONS)[number]['reason'] | (typeof VERDICTS)[number]['reason']

export interface Verdict {
  readonly action: Action
  readonly reason: Reason
}

const PROTECTION_ROWS: readonly (Rule & { readonly reason: Reason })[] = PROTECTIONS
const ROWS: readonly (Rule & { readonly reason: Reason })[] = [...PROTECTIONS, ...VERDICTS]

/** Why objects are kept or deleted, in the order in which the reasons are looked for: the first that applies decides. */
export const REASONS: readonly { readonly reason: Reason; readonly action: Action; readonly meaning: string }[] = ROWS

/** Reasons by which the table knew the job, or did not. */
export const JOB_KNOWN: ReadonlySet<Reason> = new Set([
  'user-deleted',
  'destroyed',
  'active',
  'former-attempt',
  'past-destruction',
  'undestroyed',
])
export const JOB_UNKNOWN: ReadonlySet<Reason> = new Set(['table-behind', 'orphan-grace', 'orphan'])

/** What becomes of an object (results-gc §4.3, step 3). Pure: the same subject always gets the same verdict. */
export function classifyResult(subject: Subject): Verdict {
  return find(ROWS, subject) ?? { action: 'keep', reason: 'unmatched' }
}

/** What is known before anybody asks for its job; null: the job has to be asked for. */
export function classifyWithoutOwner(subject: Subject): Verdict | null {
  return find(PROTECTION_ROWS, subject)
}

function find(rows: typeof ROWS, subject: Subject): Verdict | null {
  for (const { reason, action, applies } of rows) if (applies(subject)) return { action, reason }
  return null
}

/** A time that cannot be read protects like one that is still to come. */
function isLater(time: string | null, now: number): boolean {
  return time !== null && !(Date.parse(time) <= now)
}

/** The `destruction` metadata of an object: ISO 8601, UTC where it names no zone (UWS 1.1 §2.1.11). */
export function readOwnDestruction({ metadata }: ListedObject): number | null {
  const text = metadata.destruction
  if (text === undefined || text.trim() === '') return null
  const [, day, time, zone] = ISO.exec(text.trim()) ?? []
  return day === undefined ? Number.NaN : Date.parse(`${day}T${time ?? '00:00'}${zone ?? 'Z'}`)
}

const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?)?$/
