import type { ResultRule } from '../../environment/results.ts'
import type { ListedObject } from '../../stored-objects.ts'
import {
  classifyResult,
  classifyWithoutOwner,
  readOwnDestruction,
  type Subject,
  type Verdict,
} from './classify-result.ts'
import type { MatchRule } from './match-rule.ts'
import type { OwnerLookup } from './owners.ts'

export interface Classified {
  readonly object: ListedObject
  /** null: none fits. */
  readonly rule: ResultRule | null
  readonly verdict: Verdict
}

/** Classifies the objects of a page at one time for all; the job table is asked once, for those that need it. */
export async function classifyPage(
  objects: readonly ListedObject[],
  matchRule: MatchRule,
  owners: OwnerLookup,
  now: number,
): Promise<Classified[]> {
  const subjects = objects.map((object) => describe(object, matchRule, now))
  const early = subjects.map(classifyWithoutOwner)
  const jobs = new Set<string>()
  for (const [index, subject] of subjects.entries()) {
    const job = jobOf(subject)
    if (early[index] === null && job !== null) jobs.add(job)
  }
  const ownerOf = await owners.find(jobs)
  return subjects.map((subject, index) => ({
    object: subject.object,
    rule: subject.match?.rule ?? null,
    verdict: early[index] ?? classifyResult({ ...subject, owner: ownerOf(jobOf(subject)) }),
  }))
}

function describe(object: ListedObject, matchRule: MatchRule, now: number): Subject {
  return {
    object,
    created: Date.parse(object.timeCreated),
    match: matchRule(object.name),
    ownDestruction: readOwnDestruction(object),
    owner: { kind: 'nobody' },
    now,
  }
}

/** By its name, or else by its metadata. */
function jobOf({ match, object }: Subject): string | null {
  return match === null ? null : (match.job ?? object.metadata.jobid ?? null)
}
