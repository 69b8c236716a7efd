import type { ResultTable } from './run-query.ts'

/** Columns of a result that hold a position on the sky, in degrees; undefined: none does. */
export interface PositionColumns {
  readonly ra: number
  readonly dec: number
}

const NAMES: readonly (readonly [ra: RegExp, dec: RegExp])[] = [
  [/^ra$/i, /^dec$/i],
  [/^s_ra$/i, /^s_dec$/i],
  [/^(coord_)?ra/i, /^(coord_)?dec/i],
  [/ra(_?j2000|deg)?$/i, /de(c|j)?(_?j2000|2000|deg)?$/i],
]

/** By UCD, else by what such columns are called. */
export function findPositions({ fields }: ResultTable): PositionColumns | undefined {
  const byUcd = (wanted: string) => {
    const found = fields.flatMap(({ ucd = '' }, index) => (ucd.startsWith(wanted) ? [{ ucd, index }] : []))
    return (found.find(({ ucd }) => ucd.includes('meta.main')) ?? found[0])?.index
  }
  const [ra, dec] = [byUcd('pos.eq.ra'), byUcd('pos.eq.dec')]
  if (ra !== undefined && dec !== undefined) return { ra, dec }
  for (const [first, second] of NAMES) {
    const [one, other] = [first, second].map((pattern) => fields.findIndex(({ name }) => pattern.test(name)))
    if (one !== undefined && other !== undefined && one >= 0 && other >= 0 && one !== other)
      return { ra: one, dec: other }
  }
  return undefined
}

/** Longitude and latitude of each row that has both. */
export function positionsOf({ rows }: ResultTable, { ra, dec }: PositionColumns): [number, number][] {
  const positions: [number, number][] = []
  for (const cells of rows) {
    const [longitude, latitude] = [Number(cells[ra] ?? Number.NaN), Number(cells[dec] ?? Number.NaN)]
    if (Number.isFinite(longitude) && Math.abs(latitude) <= 90) positions.push([longitude, latitude])
  }
  return positions
}
