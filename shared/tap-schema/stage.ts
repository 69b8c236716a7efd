import type pg from 'pg'
import { elapsedMs } from '../elapsed.ts'
import type { Problem } from '../problem.ts'
import { copyInto, copyRows } from './copy-rows.ts'
import {
  addConstraints,
  createTables,
  createVersions,
  createViews,
  grantReaders,
  qualified,
  VERSION_COLUMNS,
} from './ddl.ts'
import { findDelivery, findLaterStaged, type RowCounts, recordHistory } from './history.ts'
import type { LoaderOptions } from './options.ts'
import { type PreparedRows, prepareRows, type RowsRequest } from './prepare-rows.ts'
import { findLeftOutReaders, findLiveReaders, warnOfLeftOut } from './readers.ts'
import type { ReleaseSource } from './release-source.ts'
import { removeSlot } from './remove-slot.ts'
import { describeItself } from './self-description.ts'
import {
  BusyError,
  DependentObjectsError,
  isLockFailure,
  MissingRoleError,
  StagingInUseError,
} from './slot-failures.ts'
import { peekSlot } from './slot-version.ts'
import { EVERYBODY, quote, SLOT_SCHEMA, STAGER_ROLE, tableName } from './slots.ts'
import { TAP_TABLE_NAMES, type TapSchemaRows } from './tables.ts'
import { STAGE_WAIT_MS, setLockTimeout, withSlots } from './transaction.ts'
import { verifySlot } from './verify-slot.ts'

export interface StageRequest extends RowsRequest {
  readonly version: string
  readonly source: ReleaseSource
  /** Roles that may read the slot, now and after every swap; none: those that may read what is live. */
  readonly readers: readonly string[]
  readonly actor: string
  /** Whether an upload that the history knows is skipped (an event) or staged again (an operator's request). */
  readonly redelivery: 'skip' | 'restage'
  /**
   * With `skip`: the versions of which a later upload to the same bucket, once staged, keeps this one from being staged. Not
   * given: none.
   */
  readonly supersededBy?: ((version: string) => boolean) | undefined
}

export type StageOutcome =
  | {
      readonly outcome: 'staged'
      readonly version: string
      readonly rows: RowCounts
      /** The same without the description of TAP_SCHEMA itself. */
      readonly described: RowCounts
      /** Roles that may read it, once it is live as well. */
      readonly readers: readonly string[]
      readonly durationMs: number
      readonly warnings: readonly Problem[]
    }
  | { readonly outcome: 'unchanged' | 'superseded'; readonly version: string; readonly reason: string }

/**
 * Loads a release into the staging slot of one TAP server, in one transaction, and verifies it (DESIGN §4). Whatever
 * fails, the former staging slot is kept as it was.
 *
 * @throws RejectedError before the database is touched, with all problems; StagingInUseError, MissingRoleError,
 *   NotInitialisedError, BusyError, VerificationError, DatabaseError with nothing changed
 */
export async function stageRelease(pool: pg.Pool, request: StageRequest): Promise<StageOutcome> {
  const started = performance.now()
  const prepared = prepareRows(request.version, request)
  return withSlots(pool, `staging ${request.version}`, STAGE_WAIT_MS, async (client) => {
    if (request.redelivery === 'skip') {
      const known = (await knownDelivery(client, request)) ?? (await giveWay(client, request, started))
      if (known !== null) return known
    }
    return fillStaging(client, request, prepared, started)
  })
}

/** Readers may look at the staging slot; they hold it up for so long at most. */
const READER_WAIT_MS = 10_000

async function knownDelivery(client: pg.PoolClient, request: StageRequest): Promise<StageOutcome | null> {
  const { version, source } = request
  const upload = `gs://${source.bucket}/${source.object}#${source.generation}`
  const delivery = await findDelivery(client, source)
  if (delivery === 'done') return { outcome: 'unchanged', version, reason: `${upload} was handled before` }
  if (delivery === 'superseded') return { outcome: 'superseded', version, reason: `a later upload replaced ${upload}` }
  return null
}

/** Recorded, because nothing else says why an upload was not staged. */
async function giveWay(client: pg.PoolClient, request: StageRequest, started: number): Promise<StageOutcome | null> {
  const { version, source, actor, supersededBy } = request
  if (supersededBy === undefined) return null
  const later = (await findLaterStaged(client, source)).find((upload) => supersededBy(upload.version))
  if (later === undefined) return null
  const upload = `gs://${source.bucket}/${later.object}#${later.generation}`
  const reason = `${later.version} was uploaded later (${upload}) and staged before: stage ${version} by hand if you want it`
  const problem = { file: source.object, path: '', code: 'superseded', severity: 'warning', message: reason } as const
  await client.query(`set local role ${STAGER_ROLE}`)
  const durationMs = elapsedMs(started)
  const entry = { action: 'superseded', version, replaced: null, actor, source, rows: null } as const
  await recordHistory(client, { ...entry, problems: [problem], durationMs })
  return { outcome: 'superseded', version, reason }
}

async function fillStaging(
  client: pg.PoolClient,
  request: StageRequest,
  { rows, warnings }: PreparedRows,
  started: number,
): Promise<StageOutcome> {
  const { version, options, source, actor } = request
  const schema = SLOT_SCHEMA.staging
  const replaced = (await peekSlot(client, 'staging'))?.version ?? null
  const asideAs = await freeStaging(client, version)
  // What is made from here on belongs to the role and not to this login.
  await client.query(`set local role ${STAGER_ROLE}`)
  const readers = await chooseReaders(client, request.readers)
  await client.query(`create schema ${quote(schema)} authorization ${STAGER_ROLE};\n${createTables(schema, options)}`)
  await copyRows(client, schema, rows, options)
  await client.query([addConstraints(schema, options), createViews(schema, options), createVersions(schema)].join('\n'))
  await client.query(`${grantReaders(schema, readers)}\n${analyze(schema, options)}`)
  const counts = countRows(rows)
  await verifySlot(client, schema, options, counts)
  const durationMs = elapsedMs(started)
  const aside = asideAs === null ? [] : [asideWarning(schema, asideAs)]
  const problems = [...warnings, ...aside, ...warnOfLeftOut(await findLeftOutReaders(client))]
  const entry = { action: 'staged', version, replaced, actor, source, rows: counts, problems, durationMs } as const
  const id = await recordHistory(client, entry)
  await copyInto(client, qualified(schema, 'versions'), VERSION_COLUMNS, [
    [version, source.bucket, source.object, source.generation, source.sha256, source.bytes, actor, id],
  ])
  const described = withoutOwn(counts, options)
  return { outcome: 'staged', version, rows: counts, described, readers, durationMs, warnings: problems }
}

async function freeStaging(client: pg.PoolClient, version: string): Promise<string | null> {
  const started = performance.now()
  await setLockTimeout(client, READER_WAIT_MS)
  try {
    return await removeSlot(client, SLOT_SCHEMA.staging)
  } catch (error) {
    if (error instanceof DependentObjectsError) throw new StagingInUseError(version, error)
    if (!isLockFailure(error)) throw error
    throw new BusyError(`staging ${version}`, performance.now() - started, error)
  }
}

/** @throws MissingRoleError */
async function chooseReaders(client: pg.PoolClient, readers: readonly string[]): Promise<readonly string[]> {
  if (readers.length === 0) return findLiveReaders(client)
  const found = await client.query<{ name: string }>(
    'select name from unnest($1::text[]) as name where name <> $2 and not exists (select from pg_roles where rolname = name)',
    [readers, EVERYBODY],
  )
  if (found.rows.length === 0) return readers
  const names = found.rows.map((row) => row.name).join(', ')
  throw new MissingRoleError(
    `configured readers do not exist as roles in this database: ${names} (everybody is ${EVERYBODY})`,
  )
}

/**
 * Readers join the tables right after the swap, long before autovacuum looks at them with its larger sample.
 */
function analyze(schema: string, options: LoaderOptions): string {
  const names = TAP_TABLE_NAMES.map((table) => qualified(schema, tableName(table, options.postfix)))
  return `set local default_statistics_target = 10; analyze ${names.join(', ')}`
}

export function countRows(rows: TapSchemaRows): RowCounts {
  return {
    schemas: rows.schemas.length,
    tables: rows.tables.length,
    columns: rows.columns.length,
    keys: rows.keys.length,
    key_columns: rows.key_columns.length,
  }
}

/** What the release brought: the first rows describe TAP_SCHEMA itself. */
function withoutOwn(counts: RowCounts, options: LoaderOptions): RowCounts {
  const own = countRows(describeItself(options))
  return {
    schemas: counts.schemas - own.schemas,
    tables: counts.tables - own.tables,
    columns: counts.columns - own.columns,
    keys: counts.keys - own.keys,
    key_columns: counts.key_columns - own.key_columns,
  }
}

function asideWarning(schema: string, asideAs: string): Problem {
  const message = `schema ${schema} held objects that are not Almagest's: it was renamed to ${asideAs} and left whole`
  return { file: schema, path: '', code: 'set_aside', severity: 'warning', message }
}
