import { createHash, randomUUID } from 'node:crypto'
import type { ResultsConfig } from '../../environment/results.ts'
import { type Deletions, noDeletions } from '../delete/deletions.ts'
import type { Shard } from './shards.ts'
import type { TallyRow } from './tally.ts'

/** How far a sweep has come: all that the next call needs to go on. */
export interface Run {
  readonly id: string
  /** By the earliest of the clocks of store, database and function. Every age is measured from here, also after an interruption. */
  readonly startedAt: string
  /** Of what decides about objects: a run under other rules is begun anew. */
  readonly fingerprint: string
  phase: Phase
  /** For each shard the last name that was handled; null: not begun, true: done. */
  positions: Position[]
  /** What the survey has counted. */
  rows: readonly TallyRow[]
  readonly deletions: Deletions
  /** Of what was deleted: those whose job was unknown. */
  orphansDeleted: number
  readonly effort: Effort
}

/** First everything is looked at, then deleted: nothing is deleted before it is known how much there is to delete. */
export type Phase = 'survey' | 'delete'

export type Position = string | null | true

export interface Effort {
  /** Calls of which it took more than one when it was interrupted. */
  calls: number
  listCalls: number
  jobLookups: number
  retries: number
  durationMs: number
}

export function beginRun(config: ResultsConfig, shards: readonly Shard[], startedAt: Date): Run {
  return {
    id: randomUUID(),
    startedAt: startedAt.toISOString(),
    fingerprint: fingerprintOf(config),
    phase: 'survey',
    positions: shards.map(() => null),
    rows: [],
    deletions: noDeletions(),
    orphansDeleted: 0,
    effort: { calls: 0, listCalls: 0, jobLookups: 0, retries: 0, durationMs: 0 },
  }
}

/** After so long the survey says little about the bucket. */
const STALE_MS = 48 * 3_600_000

/** Whether a run that was interrupted can go on. */
export function canContinue(run: Run, config: ResultsConfig, now: Date): boolean {
  const age = now.getTime() - Date.parse(run.startedAt)
  return run.fingerprint === fingerprintOf(config) && age < STALE_MS
}

function fingerprintOf({ bucket, rules, jobs }: ResultsConfig): string {
  const deciding = { bucket, rules, jobs: jobs === null ? null : { ...jobs, databases: undefined } }
  return createHash('sha256').update(JSON.stringify(deciding)).digest('hex').slice(0, 16)
}
