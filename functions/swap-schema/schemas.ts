import { COUNT, list, nullable, object, ref, TEXT, TEXT_OR_NULL, TIME } from '../../shared/platform/http/json-schema.ts'
import { TAP_TABLE_NAMES } from '../../shared/tap-schema/tables.ts'

const MILLISECONDS = { type: 'number', minimum: 0, description: 'Milliseconds' } as const
const BREAKING = {
  type: 'boolean',
  description: 'Whether a query that works today can fail or mean something else afterwards',
} as const
const POLICY = { type: 'string', enum: ['never', 'compatible', 'always'] } as const
const CELL = { type: ['string', 'number', 'null'] } as const

const STAGE_ID = {
  type: 'integer',
  minimum: 1,
  description: 'The history entry of the stage that filled it; null: another tool did, or an earlier Almagest',
} as const

const SLOT = object({
  schema: { type: 'string', description: 'The PostgreSQL schema' },
  exists: { type: 'boolean' },
  id: nullable(STAGE_ID),
  version: TEXT_OR_NULL,
  loadedAt: nullable(TIME),
  source: nullable(ref('Source')),
  stagedBy: TEXT_OR_NULL,
  rows: nullable(ref('RowCounts')),
  described: nullable(ref('RowCounts')),
  schemas: list(TEXT),
})

const CHANGED_FIELD = object({ from: CELL, to: CELL, breaking: BREAKING })

/** The schemas of all answers, by name. The tests hold real answers against them. */
export const SCHEMAS = {
  Source: object({
    bucket: TEXT,
    object: TEXT,
    generation: { type: 'string', description: 'As a string: it does not fit into a double' },
    sha256: TEXT,
    bytes: COUNT,
  }),
  RowCounts: object(Object.fromEntries(TAP_TABLE_NAMES.map((name) => [name, COUNT]))),
  Problem: object(
    {
      file: TEXT,
      line: { type: 'integer', minimum: 1 },
      column: { type: 'integer', minimum: 1 },
      path: TEXT,
      code: TEXT,
      severity: { type: 'string', enum: ['error', 'warning'] },
      message: TEXT,
      suggestion: TEXT,
    },
    ['line', 'column', 'suggestion'],
  ),
  ReleaseList: object({
    releases: list(
      object({
        version: TEXT,
        publishedAt: { type: 'string', description: 'When the archive was uploaded, ISO 8601' },
        generation: { ...TEXT_OR_NULL, description: 'null: the archive is missing' },
        bytes: nullable(COUNT),
        remark: { ...TEXT_OR_NULL, description: 'What is odd about it' },
      }),
    ),
  }),
  Caller: object({ actor: TEXT, mayChange: { type: 'boolean' } }),
  ServerList: object({
    servers: list(
      object(
        {
          name: TEXT,
          schemaVersion: TEXT_OR_NULL,
          swap: POLICY,
          live: TEXT_OR_NULL,
          staging: TEXT_OR_NULL,
          previous: TEXT_OR_NULL,
          error: object({ msg: TEXT, type: TEXT }),
        },
        ['error'],
      ),
    ),
  }),
  Server: object({
    name: TEXT,
    schemas: list(TEXT),
    schemaVersion: TEXT_OR_NULL,
    follow: list(TEXT),
    swap: POLICY,
    readers: list(TEXT),
    slots: object({ live: ref('Slot'), staging: ref('Slot'), previous: ref('Slot') }),
    history: list(ref('HistoryEntry')),
  }),
  Slot: SLOT,
  HistoryEntry: object({
    id: COUNT,
    at: TIME,
    action: { type: 'string', enum: ['staged', 'swapped', 'rolled_back', 'rejected', 'superseded'] },
    version: TEXT,
    replaced: TEXT_OR_NULL,
    actor: TEXT,
    source: nullable(ref('Source')),
    rows: nullable(ref('RowCounts')),
    problems: list(ref('Problem')),
    durationMs: MILLISECONDS,
  }),
  Diff: object(
    {
      from: object({ slot: TEXT, version: TEXT_OR_NULL, id: nullable(STAGE_ID) }),
      to: object({ slot: TEXT, version: TEXT_OR_NULL, id: nullable(STAGE_ID) }),
      breaking: BREAKING,
      changes: list(ref('Change')),
      leftOut: { ...list(TEXT), description: 'Roles that may read what is live and not what is staged' },
      others: { ...list(TEXT), description: 'What else is in the live schema, and would be moved to previous with it' },
    },
    ['leftOut', 'others'],
  ),
  Change: object(
    {
      kind: { type: 'string', enum: ['schema', 'table', 'column', 'key'] },
      change: { type: 'string', enum: ['added', 'removed', 'changed', 'renamed'] },
      name: TEXT,
      formerName: { type: 'string', description: 'What it was called, for renamed' },
      breaking: BREAKING,
      fields: { type: 'object', additionalProperties: CHANGED_FIELD },
    },
    ['formerName', 'fields'],
  ),
  Staged: {
    anyOf: [
      object({
        server: TEXT,
        outcome: { const: 'staged' },
        version: TEXT,
        rows: ref('RowCounts'),
        described: ref('RowCounts'),
        readers: { ...list(TEXT), description: 'Roles that may read it, once it is live as well' },
        durationMs: MILLISECONDS,
        warnings: list(ref('Problem')),
        source: ref('Source'),
      }),
      object({
        server: TEXT,
        outcome: { type: 'string', enum: ['unchanged', 'superseded'] },
        version: TEXT,
        reason: TEXT,
        source: ref('Source'),
      }),
    ],
  },
  Exchanged: object({
    server: TEXT,
    outcome: {
      type: 'string',
      enum: ['swapped', 'rolled_back', 'unchanged'],
      description: 'unchanged: this very call was carried out before',
    },
    live: { type: 'string', description: 'The version that is live now' },
    previous: TEXT_OR_NULL,
    slots: object({ live: ref('Slot'), previous: ref('Slot') }),
    durationMs: MILLISECONDS,
    attempts: { type: 'integer', minimum: 1 },
    warnings: list(TEXT),
  }),
  Health: object({ status: { const: 'ok' } }),
} as const
