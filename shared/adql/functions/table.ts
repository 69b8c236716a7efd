import { ARRAYS } from './arrays.ts'
import { ASTROMETRY } from './astrometry.ts'
import { CHOICES } from './choices.ts'
import { FunctionSet } from './function-set.ts'
import { AGGREGATES, GENERAL, STRING_FUNCTIONS } from './general.ts'
import { GEOMETRY } from './geometry.ts'
import { HEALPIX } from './healpix.ts'
import { IVOA, OTHERS } from './ivoa.ts'
import { MATHEMATICAL, TRIGONOMETRICAL } from './mathematical.ts'
import type { FunctionRow } from './row.ts'
import { SCISQL } from './scisql.ts'
import { STATISTICS } from './statistics.ts'
import { TEXTS } from './texts.ts'

/** Every function of the language but CAST, which is a construct of its own. */
export const FUNCTIONS: readonly FunctionRow[] = [
  ...MATHEMATICAL,
  ...TRIGONOMETRICAL,
  ...STRING_FUNCTIONS,
  ...GENERAL,
  ...AGGREGATES,
  ...GEOMETRY,
  ...IVOA,
  ...HEALPIX,
  ...ASTROMETRY,
  ...TEXTS,
  ...STATISTICS,
  ...SCISQL,
  ...ARRAYS,
  ...CHOICES,
  ...OTHERS,
]

/** What every service has. */
export const STANDARD_FUNCTIONS: FunctionSet = new FunctionSet(FUNCTIONS)

/** The function of this name, compared without case. */
export function findFunction(name: string): FunctionRow | undefined {
  return STANDARD_FUNCTIONS.find(name)
}
