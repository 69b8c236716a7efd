import { join } from 'node:path'

/** The release that `npm start` begins with: an invented variability survey, with what real surveys have. */
export const SAMPLE = {
  version: 'releases/heron-1',
  folder: join(import.meta.dirname, 'heron'),
  tutorials: join(import.meta.dirname, 'tutorials'),
  /** The TAP servers of the local stack, and what each serves of the sample. */
  schemas: {
    tap: ['heron_dr1', 'heron_obscore'],
    alerttap: ['heron_alerts'],
  },
} as const
