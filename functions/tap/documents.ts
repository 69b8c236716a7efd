import type { ServedTap } from '../../shared/deployment/served-tap.ts'
import { Representation } from '../../shared/platform/http/representation.ts'
import { formatCapabilities } from '../../shared/tap/capabilities.ts'
import { describeService } from '../../shared/tap/describe-service.ts'
import type { LiveMetadata } from '../../shared/tap/live-metadata.ts'
import { type Detail, formatTable, formatTables } from '../../shared/tap/tables.ts'

/** The documents that describe a service and its tables, each made once for a release that is live. */
export interface Documents {
  tables(detail: Detail): Promise<Representation>
  /** undefined: there is no table of this name. */
  table(name: string): Promise<Representation | undefined>
  capabilities(): Promise<Representation>
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
    tables: (detail) => document(`tables ${detail}`, ({ rows }) => formatTables(rows, detail)),
    // Not kept: a release may have hundreds, and one is made in no time.
    async table(name) {
      const { live, since } = await current()
      const text = formatTable(live.rows, name)
      return text === undefined ? undefined : new Representation(text, XML, since)
    },
    capabilities: () => document('capabilities', ({ rows }) => formatCapabilities(describeService(served, rows))),
  }
}

interface Made {
  readonly live: LiveMetadata
  readonly since: Date
  readonly documents: Map<string, Representation>
}
