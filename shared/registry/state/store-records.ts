import { createHash } from 'node:crypto'
import type pg from 'pg'
import { authorityOf, sameIvoid } from '../ivoid.ts'
import { formatUndated, type UndatedRecord } from '../oai/formats.ts'
import type { RegistryRecord } from '../record.ts'
import { isSameLive, isSameState, type LiveIdentities, type RegistryState, readState, writeState } from './state.ts'
import { withRecords } from './transaction.ts'

/** What is to be published from now on. */
export interface Publication {
  readonly records: readonly RegistryRecord[]
  /** Identifiers of what cannot be made as it should be: what is stored of them is kept. */
  readonly held: readonly string[]
  /** Whether what is missing is gone. */
  readonly isComplete: boolean
  /** The only one whose records are ours to delete. */
  readonly authority: string
  /** Hash of the environment that they were made of. */
  readonly environment: string
  readonly live: LiveIdentities
}

/** What a refresh has changed, by identifier. */
export interface RecordChanges {
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly deleted: readonly string[]
  /** Not changed: there are no such records any more, but they belong to an authority that is managed elsewhere now. */
  readonly foreign: readonly string[]
}

export interface StoreOptions {
  /** What was stored when the records were made. */
  readonly before: RegistryState | null
  /** Nothing is written: what would be. */
  readonly dryRun?: boolean
}

/**
 * Stores the records that have changed, all with the same date: that of the database after all readers have finished,
 * and none before one that is there. What is not among them any more is deleted. Nothing is written where nothing has
 * changed.
 *
 * @returns null: somebody else stored others in the meantime, so that these may be out of date
 */
export async function storeRecords(
  pool: pg.Pool,
  publication: Publication,
  { before, dryRun = false }: StoreOptions,
): Promise<RecordChanges | null> {
  const { records, environment, live } = publication
  // Outside of the transaction, in which readers wait.
  const fingerprints = records.map((record) => fingerprintOf(formatUndated(record)))
  return withRecords(pool, 'refreshing the records of the registry', dryRun ? 'read' : 'change', async (client) => {
    const state = await readState(client)
    if (!isSameState(state, before)) return null
    const plan = planChanges(publication, fingerprints, await readStored(client))
    const changes = describe(plan)
    if (dryRun) return changes
    if (plan.written.length > 0 || plan.deleted.length > 0) await write(client, plan)
    if (state?.environment !== environment || !isSameLive(state.live, live)) {
      await writeState(client, environment, live)
    }
    return changes
  })
}

interface Stored {
  readonly ivoid: string
  readonly spelling: string
  readonly fingerprint: string
  readonly deleted: boolean
}

async function readStored(client: pg.ClientBase): Promise<ReadonlyMap<string, Stored>> {
  const { rows } = await client.query<Stored>(
    'select ivoid, spelling, fingerprint, deleted from almagest.registry_record',
  )
  return new Map(rows.map((row) => [row.ivoid, row]))
}

interface Plan {
  readonly written: readonly {
    readonly record: RegistryRecord
    readonly fingerprint: string
    readonly isNew: boolean
  }[]
  readonly deleted: readonly Stored[]
  readonly foreign: readonly Stored[]
}

function planChanges(
  { records, held, isComplete, authority }: Publication,
  fingerprints: readonly string[],
  stored: ReadonlyMap<string, Stored>,
): Plan {
  const kept = new Set(held.map((ivoid) => ivoid.toLowerCase()))
  const present = new Set(records.map(({ ivoid }) => ivoid.toLowerCase()))
  const written = records.flatMap((record, index) => {
    const key = record.ivoid.toLowerCase()
    const [fingerprint = '', known] = [fingerprints[index], stored.get(key)]
    const isCurrent = known !== undefined && !known.deleted && known.fingerprint === fingerprint
    return kept.has(key) || isCurrent ? [] : [{ record, fingerprint, isNew: known === undefined }]
  })
  const gone = [...stored.values()].filter(
    ({ ivoid, deleted }) => isComplete && !deleted && !present.has(ivoid) && !kept.has(ivoid),
  )
  const isOurs = ({ ivoid }: Stored) => sameIvoid(authorityOf(ivoid), authority)
  return { written, deleted: gone.filter(isOurs), foreign: gone.filter((record) => !isOurs(record)) }
}

function describe({ written, deleted, foreign }: Plan): RecordChanges {
  const named = (wanted: boolean) => written.filter(({ isNew }) => isNew === wanted).map(({ record }) => record.ivoid)
  const spelt = (records: readonly Stored[]) => records.map(({ spelling }) => spelling)
  return { added: named(true), changed: named(false), deleted: spelt(deleted), foreign: spelt(foreign) }
}

/** So many at a time are in memory. */
const BATCH = 50

async function write(client: pg.ClientBase, { written, deleted }: Plan): Promise<void> {
  const { rows } = await client.query<{ now: string }>(
    `select greatest(date_trunc('second', clock_timestamp()), max(updated))::text as now from almagest.registry_record`,
  )
  const now = rows[0]?.now
  for (let start = 0; start < written.length; start += BATCH) {
    const batch = written.slice(start, start + BATCH).map(({ record, fingerprint }) => {
      const { document, dublinCore } = formatUndated(record)
      const { ivoid, kind, created } = record
      return { ivoid, kind, created, fingerprint, document, dublinCore }
    })
    await client.query(
      `insert into almagest.registry_record
         (ivoid, spelling, kind, fingerprint, created, updated, deleted, document, dublin_core)
       select ivoid, spelling, kind, fingerprint, created, $8, false, document, dublin_core
         from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::text[])
           as made (ivoid, spelling, kind, fingerprint, created, document, dublin_core)
       on conflict (ivoid) do update
          set spelling = excluded.spelling, kind = excluded.kind, fingerprint = excluded.fingerprint,
              created = excluded.created, updated = excluded.updated, deleted = false,
              document = excluded.document, dublin_core = excluded.dublin_core`,
      [
        batch.map(({ ivoid }) => ivoid.toLowerCase()),
        batch.map(({ ivoid }) => ivoid),
        batch.map(({ kind }) => kind),
        batch.map(({ fingerprint }) => fingerprint),
        batch.map(({ created }) => created),
        batch.map(({ document }) => document),
        batch.map(({ dublinCore }) => dublinCore),
        now,
      ],
    )
  }
  await client.query(
    `update almagest.registry_record
        set deleted = true, updated = $2, fingerprint = '', document = null, dublin_core = null
      where ivoid = any ($1)`,
    [deleted.map(({ ivoid }) => ivoid), now],
  )
}

/** Of the texts themselves: any difference is one that harvesters see. */
export function fingerprintOf({ document, dublinCore }: UndatedRecord): string {
  return createHash('sha256').update(document).update('\0').update(dublinCore).digest('hex')
}
