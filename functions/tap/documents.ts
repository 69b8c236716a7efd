import { AdqlError } from '../../shared/adql/error.ts'
import { readUserTables } from '../../shared/deployment/read-user-tables.ts'
import type { ServedTap } from '../../shared/deployment/served-tap.ts'
import { Representation } from '../../shared/platform/http/representation.ts'
import type { Caller } from '../../shared/platform/identity.ts'
import { QueryServiceError } from '../../shared/query/errors.ts'
import { formatCapabilities } from '../../shared/tap/capabilities.ts'
import { describeService, isObsCore } from '../../shared/tap/describe-service.ts'
import type { LiveMetadata } from '../../shared/tap/live-metadata.ts'
import { type Detail, formatTable, formatTables } from '../../shared/tap/tables.ts'
import { describeRows, withUserRows } from '../../shared/user-tables/describe-tables.ts'
import type { UserTable } from '../../shared/user-tables/user-table.ts'
import { readerOf } from './quota-holder.ts'

/** The documents that describe a service and its tables, each made once for a release that is live. */
export interface Documents {
  tables(detail: Detail, caller: Caller): Promise<TablesDocument>
  /** undefined: there is no table of this name that the caller may read. */
  table(name: string, caller: Caller): Promise<TablesDocument | undefined>
  capabilities(): Promise<Representation>
}

export interface TablesDocument {
  readonly representation: Representation
  /** Whether tables of users are in it. */
  readonly personal: boolean
}

const XML = 'application/xml; charset=utf-8'

export function createDocuments(served: ServedTap): Documents {
  let made: Made | undefined
  const current = async (): Promise<Made> => {
    const { metadata } = await served.open()
    const live = await metadata.refresh()
    if (made?.live.identity !== live.identity) made = { live, since: live.loadedAt ?? new Date(), documents: new Map() }
    return made
  }
  const document = async (key: string, format: (live: LiveMetadata) => string) => {
    const { live, since, documents } = await current()
    const known = documents.get(key)
    if (known !== undefined) return known
    const representation = new Representation(format(live), XML, since)
    documents.set(key, representation)
    return representation
  }
  return {
    async tables(detail, caller) {
      const more = await readUserTables(served, readerOf(caller))
      if (more.length === 0) {
        const representation = await document(`tables ${detail}`, ({ rows }) => formatTables(rows, detail))
        return { representation, personal: false }
      }
      const { live } = await current()
      return personalDocument(formatTables(withUserRows(live.rows, describeRows(more)), detail), more)
    },
    // Not kept: a release may have hundreds, and one is made in no time.
    async table(name, caller) {
      const { live, since } = await current()
      const text = formatTable(live.rows, name)
      if (text !== undefined) return { representation: new Representation(text, XML, since), personal: false }
      const more = await readUserTables(served, readerOf(caller))
      const own = formatTable(withUserRows(live.rows, describeRows(more)), name)
      return own === undefined ? undefined : personalDocument(own, more)
    },
    async capabilities() {
      const { live } = await current()
      const obsCore = live.rows.tables.some(isObsCore) && (await canBeQueried(served))
      return document(`capabilities ${obsCore}`, ({ rows }) =>
        formatCapabilities({ ...describeService(served, rows), obsCore }),
      )
    },
  }
}

function personalDocument(text: string, tables: readonly UserTable[]): TablesDocument {
  const since = new Date(Math.max(...tables.map(({ changed }) => changed.getTime())))
  return { representation: new Representation(text, XML, since), personal: true }
}

/** Whether the table that TAP_SCHEMA speaks of is in the database: a client that is told of a data model asks at once. */
async function canBeQueried(served: ServedTap): Promise<boolean> {
  const { queries } = await served.open()
  const request = { adql: 'SELECT obs_id FROM ivoa.ObsCore', maxRows: 0, uploads: [], timeoutMs: LOOK_MS }
  try {
    const running = await queries.start(request)
    await running.close()
    return true
  } catch (error) {
    if (error instanceof QueryServiceError || error instanceof AdqlError) return false
    throw error
  }
}

const LOOK_MS = 10_000

interface Made {
  readonly live: LiveMetadata
  readonly since: Date
  readonly documents: Map<string, Representation>
}
