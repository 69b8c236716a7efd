import type pg from 'pg'
import { watchLiveMetadata } from '../tap/live-metadata.ts'
import { NothingLiveError } from '../tap/metadata-failures.ts'
import type { LiveTap } from './context.ts'

/** Reads what the live slot of a TAP server's database has to say; null: nothing is live. @throws MetadataError */
export type ReadLive = () => Promise<LiveTap | null>

/** Each look is cheap while the same slot is live. */
export function openLiveTap(pool: pg.Pool): ReadLive {
  // What the tables of data are called in their database is of no interest to a registry.
  const names = { rule: 'exact', schemas: new Map(), tables: new Map(), columns: new Map() } as const
  const metadata = watchLiveMetadata({ pool, role: null, names })
  return async () => {
    try {
      const { identity, version, versioned, rows } = await metadata.refresh()
      return { identity, version: versioned ? version : null, rows }
    } catch (error) {
      if (error instanceof NothingLiveError) return null
      throw error
    }
  }
}
