import type pg from 'pg'
import type { Problem } from '../problem.ts'
import type { ReleaseSource } from './release-source.ts'
import { OWNER_ROLE, STAGER_ROLE } from './slots.ts'
import type { TapTableName } from './tables.ts'

/** `superseded`: an upload that was not staged, because a later one of another version was staged before it. */
export type HistoryAction = 'staged' | 'swapped' | 'rolled_back' | 'rejected' | 'superseded'

export type RowCounts = Readonly<Record<TapTableName, number>>

/** What happened to a TAP server's slots, one entry an event. Entries are only ever added. */
export interface HistoryEntry {
  readonly id: number
  /** ISO 8601, UTC. */
  readonly at: string
  readonly action: HistoryAction
  readonly version: string
  /** The version that was in the slot before, if there was one. */
  readonly replaced: string | null
  readonly actor: string
  readonly source: ReleaseSource | null
  readonly rows: RowCounts | null
  readonly problems: readonly Problem[]
  readonly durationMs: number
}

export type NewHistoryEntry = Omit<HistoryEntry, 'id' | 'at'>

/** What an entry says. Its number, its time and the login are set by PostgreSQL and cannot be given. */
const WRITTEN: readonly string[] = [
  'action',
  'version',
  'replaced',
  'actor',
  'bucket',
  'object',
  'generation',
  'sha256',
  'bytes',
  'rows',
  'problems',
  'duration_ms',
]

/** Makes the history, or brings one that an earlier version of Almagest made up to date. */
export const HISTORY_DDL = `
create schema if not exists almagest;
comment on schema almagest is 'History of the TAP_SCHEMA slots of this database';
create table if not exists almagest.history (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  action text not null,
  version text not null,
  replaced text,
  actor text not null,
  login text not null default session_user,
  bucket text,
  object text,
  generation numeric,
  sha256 text,
  bytes bigint,
  rows jsonb,
  problems jsonb not null default '[]',
  duration_ms double precision not null
);
alter table almagest.history drop constraint if exists history_action_check;
alter table almagest.history add constraint history_action_check
  check (action in ('staged', 'swapped', 'rolled_back', 'rejected', 'superseded'));
create index if not exists history_release on almagest.history (bucket, object, generation);
grant usage on schema almagest to ${STAGER_ROLE}, ${OWNER_ROLE};
revoke insert on almagest.history from ${STAGER_ROLE}, ${OWNER_ROLE};
grant select, insert (${WRITTEN.join(', ')}) on almagest.history to ${STAGER_ROLE}, ${OWNER_ROLE}`

/**
 * Adds an entry, inside the transaction that it describes.
 *
 * @returns its id
 */
export async function recordHistory(client: pg.ClientBase, entry: NewHistoryEntry): Promise<number> {
  const { source } = entry
  const added = await client.query<{ id: string }>(
    `insert into almagest.history (${WRITTEN.join(', ')})
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     returning id`,
    [
      entry.action,
      entry.version,
      entry.replaced,
      entry.actor,
      source?.bucket ?? null,
      source?.object ?? null,
      source?.generation ?? null,
      source?.sha256 ?? null,
      source?.bytes ?? null,
      entry.rows === null ? null : JSON.stringify(entry.rows),
      storableJson(entry.problems),
      entry.durationMs,
    ],
  )
  return Number(added.rows[0]?.id)
}

/** jsonb takes neither NUL nor half a surrogate pair, and problems quote what they complain of. */
function storableJson(value: unknown): string {
  return JSON.stringify(value, (_key, item) =>
    typeof item === 'string' ? item.toWellFormed().replaceAll('\0', '\ufffd') : item,
  )
}

interface HistoryRow {
  id: string
  at: Date
  action: HistoryAction
  version: string
  replaced: string | null
  actor: string
  bucket: string | null
  object: string | null
  generation: string | null
  sha256: string | null
  bytes: string | null
  rows: RowCounts | null
  problems: Problem[]
  duration_ms: number
}

/** The newest entries first. */
export async function readHistory(client: pg.ClientBase, limit: number): Promise<readonly HistoryEntry[]> {
  const found = await client.query<HistoryRow>('select * from almagest.history order by id desc limit $1', [limit])
  return found.rows.map((row) => ({
    id: Number(row.id),
    at: row.at.toISOString(),
    action: row.action,
    version: row.version,
    replaced: row.replaced,
    actor: row.actor,
    source: sourceOf(row),
    rows: row.rows,
    problems: row.problems,
    durationMs: row.duration_ms,
  }))
}

/** The last exchange of slots, or what happened to the given version after it. */
export async function readLastAbout(
  client: pg.ClientBase,
  version: string,
): Promise<Pick<HistoryEntry, 'action' | 'version'> | null> {
  const found = await client.query<Pick<HistoryEntry, 'action' | 'version'>>(
    `select action, version
       from almagest.history
      where action in ('swapped', 'rolled_back') or (version = $1 and action in ('staged', 'rejected'))
      order by id desc limit 1`,
    [version],
  )
  return found.rows[0] ?? null
}

/** The columns that identify a release, as the history and the slots' `versions` keep them. */
export interface SourceRow {
  readonly bucket: string | null
  readonly object: string | null
  readonly generation: string | null
  readonly sha256: string | null
  readonly bytes: string | null
}

export function sourceOf(row: SourceRow): ReleaseSource | null {
  // A table that another tool made may lack these columns.
  const { bucket = null, object = null, generation = null, sha256 = null, bytes = null } = row
  if (bucket === null || object === null || generation === null || sha256 === null || bytes === null) return null
  return { bucket, object, generation, sha256, bytes: Number(bytes) }
}

/**
 * What the ledger knows of an upload. `done`: this very generation was staged or rejected before, or not staged for a
 * later upload of another version. `superseded`: a later generation of the same object was.
 */
export type Delivery = 'new' | 'done' | 'superseded'

export type ReleaseKey = Pick<ReleaseSource, 'bucket' | 'object' | 'generation'>

export async function findDelivery(client: pg.ClientBase, key: ReleaseKey): Promise<Delivery> {
  const found = await client.query<{ newer: boolean; same: boolean }>(
    `select coalesce(bool_or(generation > $3::numeric), false) as newer,
            coalesce(bool_or(generation = $3::numeric), false) as same
       from almagest.history
      where bucket = $1 and object = $2 and action in ('staged', 'rejected', 'superseded')`,
    [key.bucket, key.object, key.generation],
  )
  const [row] = found.rows
  if (row?.same === true) return 'done'
  return row?.newer === true ? 'superseded' : 'new'
}

export interface StagedUpload {
  readonly version: string
  readonly object: string
  readonly generation: string
}

/**
 * What was staged from the same bucket though it was uploaded later than the given upload, the latest first. Cloud
 * Storage counts generations in microseconds of time, so that those of different objects tell which one came later.
 */
export async function findLaterStaged(client: pg.ClientBase, key: ReleaseKey): Promise<readonly StagedUpload[]> {
  const found = await client.query<StagedUpload>(
    `select distinct version, object, generation
       from almagest.history
      where bucket = $1 and generation > $2::numeric and action = 'staged'
      order by generation desc`,
    [key.bucket, key.generation],
  )
  return found.rows
}

/** How many rows an upload had in each table when it was last staged; null: the history does not say. */
export async function readStagedRows(
  client: pg.ClientBase,
  version: string,
  key: ReleaseKey,
): Promise<RowCounts | null> {
  const found = await client.query<{ rows: RowCounts | null }>(
    `select rows
       from almagest.history
      where bucket = $1 and object = $2 and generation = $3::numeric and version = $4 and action = 'staged'
      order by id desc limit 1`,
    [key.bucket, key.object, key.generation, version],
  )
  return found.rows[0]?.rows ?? null
}

/** Whether the last thing that happened to an upload is that it was rejected, for the very same problems. */
export async function isRejectedFor(
  client: pg.ClientBase,
  key: ReleaseKey,
  problems: readonly Problem[],
): Promise<boolean> {
  const found = await client.query<{ same: boolean }>(
    `select action = 'rejected' and problems = $4::jsonb as same
       from almagest.history
      where bucket = $1 and object = $2 and generation = $3::numeric and action in ('staged', 'rejected')
      order by id desc limit 1`,
    [key.bucket, key.object, key.generation, storableJson(problems)],
  )
  return found.rows[0]?.same === true
}
