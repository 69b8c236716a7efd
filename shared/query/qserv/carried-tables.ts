import type { TableMetadata } from '../../adql/metadata.ts'
import { type QservClient, workerErrorsOf } from '../../qserv/client.ts'
import { QservRefusedError, QservUnavailableError } from '../../qserv/errors.ts'
import { UploadError } from '../../votable/upload-error.ts'
import type { UploadedTable } from '../../votable/uploaded-table.ts'
import type { LiveTables } from '../live-tables.ts'
import type { Upload } from '../upload.ts'
import { describeUpload } from '../upload-metadata.ts'
import type { UserTables } from '../user-tables.ts'
import type { QservPlan } from './plan.ts'
import { placeUpload } from './upload-placement.ts'
import { ingestColumns, writeIngestRows } from './upload-table.ts'

/**
 * A database of its own for each attempt at a query (spec/qserv.md §1.7): tables that are loaded into one at once collide, and
 * what an earlier attempt has begun to load may still come.
 *
 * @param id of the job with its fence, or of the entry in the ledger of sync queries
 */
export function uploadDatabase(...id: readonly string[]): string {
  return ['user_tap', ...id].join('_')
}

interface CarriedTable {
  /** As messages call it. */
  readonly name: string
  /** What a query can name it by. Its own name and those of its columns are ours: t1, c1. */
  readonly described: TableMetadata
  /** null: it came with the query. */
  readonly kept: TableMetadata | null
  open(): Promise<UploadedTable>
}

type Plan = Pick<QservPlan<LiveTables>, 'resolved' | 'tables'>

/** Tables that a query takes along to Qserv: those that came with it, and those of users that it names. */
export class CarriedTables {
  readonly #database: string
  readonly #all: readonly CarriedTable[]
  readonly #userTables: UserTables | undefined
  #mayBeLoading = false

  /** @param database where Qserv will have them, as `uploadDatabase` calls it */
  constructor(database: string, uploads: readonly Upload[], userTables: UserTables | undefined) {
    this.#database = database
    this.#userTables = userTables
    const uploaded = uploads.map((upload, index) => ({
      name: upload.name,
      described: describeUpload(upload, { schema: database, name: `t${index + 1}` }),
      kept: null,
      open: async () => upload.table,
    }))
    const kept = (userTables?.tables ?? []).map((table, index) => ({
      name: table.tapName,
      described: { ...table, physical: { schema: database, name: `u${index + 1}` } },
      kept: table,
      open: async () => openKept(userTables, table),
    }))
    this.#all = [...uploaded, ...kept]
  }

  /** What a query can name beside the tables of the service. */
  get described(): readonly TableMetadata[] {
    return this.#all.map(({ described }) => described)
  }

  /** Whether there is anything to load for a query. */
  isNeededBy(plan: Plan): boolean {
    return this.#neededBy(plan).length > 0
  }

  /**
   * Loads what a query takes along into a database of Qserv. Each table is read to its end, once.
   *
   * @throws UploadError, QueryTableError, QservUnavailableError
   */
  async load(client: QservClient, plan: Plan, signal?: AbortSignal): Promise<void> {
    const needed = this.#neededBy(plan)
    for (const carried of needed) await this.#loadOne(client, carried, plan, signal)
    this.#userTables?.noteUse(needed.flatMap(({ kept }) => kept ?? []))
  }

  /** Whether Qserv may be loading a table still: who breaks a request off does not know. */
  get mayBeLoading(): boolean {
    return this.#mayBeLoading
  }

  /** What came with the query is sent even if it does not name it, as errors in it are to be seen. */
  #neededBy({ tables }: Plan): readonly CarriedTable[] {
    return this.#all.filter(({ kept, described }) => kept === null || tables.has(described))
  }

  async #loadOne(
    client: QservClient,
    { name, described, open }: CarriedTable,
    { resolved }: Plan,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const table = await open()
    try {
      const schema = JSON.stringify(ingestColumns(table))
      const fields = {
        ...{ database: this.#database, table: described.physical?.name ?? '' },
        ...{ fields_terminated_by: '\t', lines_terminated_by: '\n' },
        ...{ fields_escaped_by: '\\', charset_name: 'utf8mb4', collation_name: 'utf8mb4_bin' },
        ...placeUpload(resolved, described),
      }
      const form = () => ({
        fields,
        files: [
          { name: 'schema', content: schema },
          { name: 'rows', content: writeIngestRows(table) },
        ],
      })
      this.#mayBeLoading = true
      await client.ingestCsv(form, signal).catch((error: unknown) => {
        this.#mayBeLoading = !(error instanceof QservRefusedError)
        // The table itself ended the request.
        if (error instanceof QservUnavailableError && error.cause instanceof UploadError) throw error.cause
        if (!(error instanceof QservRefusedError)) throw error
        const reason = workerErrorsOf(error) ?? error.message
        throw new UploadError('upload_invalid', `Qserv could not load the table ${name}: ${reason}`, error)
      })
      this.#mayBeLoading = false
    } finally {
      await table.close()
    }
  }
}

async function openKept(userTables: UserTables | undefined, table: TableMetadata): Promise<UploadedTable> {
  if (userTables === undefined) throw new Error(`the table ${table.tapName} is nobody's`)
  return userTables.openRows(table)
}
