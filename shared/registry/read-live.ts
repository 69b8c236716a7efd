import type pg from 'pg'
import { watchLiveMetadata } from '../tap/live-metadata.ts'
import type { LiveTap } from './context.ts'

/** What the live slot of a TAP server's database has to say. @throws NothingLiveError, MetadataError */
export async function readLiveTap(pool: pg.Pool): Promise<LiveTap> {
  // What the tables of data are called in their database is of no interest to a registry.
  const names = { rule: 'exact', schemas: new Map(), tables: new Map(), columns: new Map() } as const
  const { version, versioned, rows } = await watchLiveMetadata({ pool, role: null, names }).refresh()
  return { version: versioned ? version : null, rows }
}
