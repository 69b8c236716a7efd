import { join } from 'node:path'

/** A release that comes with the project. */
export interface Sample {
  readonly version: string
  /** Of its Felis files. */
  readonly folder: string
  /** Those that are served, in their order. */
  readonly schemas: readonly string[]
}

const ROWS = join(import.meta.dirname, 'rows')

/** What the server `tap` begins with: a real sky, whose tables are there too. */
export const SKY = {
  version: 'releases/sky-1',
  folder: join(import.meta.dirname, 'sky'),
  schemas: ['sky', 'ivoa'],
  rows: [
    { table: 'sky.stars', file: join(ROWS, 'stars.csv.gz') },
    { table: 'sky.deep_sky', file: join(ROWS, 'deep-sky', 'deep_sky.csv.gz') },
  ],
  /** Observations whose rows become documents, and documents of our own making. */
  observations: join(ROWS, 'observations.csv.gz'),
  documents: join(import.meta.dirname, 'metadata', 'dids.json'),
} as const satisfies Sample & { readonly rows: readonly { readonly table: string; readonly file: string }[] } & Record<
    'observations' | 'documents',
    string
  >

/** What the server `alerttap` has: an invented variability survey, with what real surveys have, and made-up rows. */
export const HERON = {
  version: 'releases/heron-1',
  folder: join(import.meta.dirname, 'heron'),
  schemas: ['heron_alerts', 'heron_dr1', 'heron_obscore'],
  tutorials: join(import.meta.dirname, 'tutorials'),
} as const satisfies Sample & { readonly tutorials: string }

/** How Qserv would hold the survey. */
export const HERON_PLACEMENTS = [
  { table: 'heron_dr1.Star', kind: 'director', id: 'star_id' },
  { table: 'heron_dr1.Epoch', kind: 'child', id: 'star_id', director: 'heron_dr1.Star' },
  { table: 'heron_dr1.VariableStar', kind: 'child', id: 'star_id', director: 'heron_dr1.Star' },
] as const
