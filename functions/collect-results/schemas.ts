import { COUNT, list, nullable, object, ref, TEXT, TEXT_OR_NULL, TIME } from '../../shared/platform/http/json-schema.ts'
import { REASONS } from '../../shared/results/classify/classify-result.ts'

const MODE = { type: 'string', enum: ['dry-run', 'delete'] } as const

/** The schemas of all answers, by name. The tests hold real answers against them. */
export const SCHEMAS = {
  Count: object({ objects: COUNT, bytes: COUNT }),
  Survivor: object({ name: TEXT, timeCreated: TIME }),
  Row: object({
    rule: { ...TEXT_OR_NULL, description: 'null: they fit no rule' },
    kind: TEXT_OR_NULL,
    action: { type: 'string', enum: ['keep', 'delete'] },
    reason: { type: 'string', enum: REASONS.map(({ reason }) => reason) },
    objects: COUNT,
    bytes: COUNT,
    oldest: nullable(ref('Survivor')),
    names: { ...list(TEXT), description: 'The first ones' },
  }),
  Deletions: object({
    deleted: COUNT,
    deletedBytes: COUNT,
    absent: { ...COUNT, description: 'Gone already' },
    replaced: { ...COUNT, description: 'Overwritten or changed since they were listed: they are kept' },
    protected: { ...COUNT, description: 'Under a hold or a retention policy: they are kept' },
    failed: { ...COUNT, description: 'The store did not do it: the next sweep tries again' },
    firstProtected: TEXT_OR_NULL,
    firstFailed: TEXT_OR_NULL,
    oldestSurvivor: nullable(ref('Survivor')),
  }),
  SweepReport: object({
    outcome: { type: 'string', enum: ['finished', 'paused', 'busy', 'repeated'] },
    mode: MODE,
    bucket: TEXT,
    run: TEXT_OR_NULL,
    startedAt: nullable(TIME),
    phase: { type: ['string', 'null'], enum: ['survey', 'delete', null] },
    listed: ref('Count'),
    selected: { ...ref('Count'), description: 'What is to be deleted' },
    rows: list(ref('Row')),
    deletions: ref('Deletions'),
    oldestExpired: {
      ...nullable(ref('Survivor')),
      description: 'The oldest object that should be deleted and is still there',
    },
    effort: object({ calls: COUNT, listCalls: COUNT, jobLookups: COUNT, retries: COUNT, durationMs: COUNT }),
    warnings: list(TEXT),
  }),
  Sweeps: object({ isRunning: { type: 'boolean' }, last: nullable(ref('SweepReport')) }),
  DestroyReport: object({
    job: TEXT,
    mode: MODE,
    bucket: TEXT,
    jobPhase: { ...TEXT_OR_NULL, description: 'In the job table; null: it is not there, or there is no table' },
    objects: list(object({ name: TEXT, bytes: COUNT, rule: TEXT, kept: { type: 'boolean' } })),
    deletions: ref('Deletions'),
  }),
  Health: object({ status: { const: 'ok' } }),
} as const
