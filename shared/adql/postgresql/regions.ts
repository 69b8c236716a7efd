import { radiusOf } from './distance.ts'
import type { CircleSql, PointShapeSql, PolygonSql, RegionSql } from './shape-sql.ts'

/** Frames that are ICRS, or near enough, and words of STC-S that change nothing. */
const WORDS = 'icrs|fk5|j2000|unknownframe|geocenter|barycenter|heliocenter|topocenter|lsr|unknownrefpos|spherical2'
const NUMBER = String.raw`[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?`
const REGION = String.raw`^\s*(?:(circle|polygon|point|position)(?:\s+(?:${WORDS}))*\s+)?(${NUMBER}(?:\s+${NUMBER})*)\s*$`

/**
 * The numbers of a region that is stored as text: `circle 10 20 1` (DALI 1.2), `Polygon ICRS 1 2 3 4 5 6` (STC-S), or
 * numbers alone. NULL for what is none of these: other frames, unions.
 */
export function numbersOfText(text: string): string {
  return `(select case when m.n % 2 = 0 and m.n > 4 and coalesce(m.word, 'polygon') = 'polygon' or m.n = 3 and coalesce(m.word, 'circle') = 'circle' or m.n = 2 and coalesce(m.word, 'point') in ('point', 'position') then m.c end
    from (select lower(g.m[1]) as word, g.c, cardinality(g.c) as n from (select f.m, regexp_split_to_array(f.m[2], '\\s+')::float8[] as c from (select regexp_match(${text}, '${REGION}', 'i') as m offset 0) as f offset 0) as g offset 0) as m)`
}

/** The region in DALI's form. */
export function textOfNumbers(numbers: string): string {
  return `(select case cardinality(r.n) when 2 then 'point ' when 3 then 'circle ' else 'polygon ' end || array_to_string(r.n, ' ') from (select ${numbers} as n offset 0) as r)`
}

/** A question about a region, whose kind only each row knows, asked of a point, a circle and a polygon. */
export function ofRegion(
  { numbers }: RegionSql,
  alias: string,
  ask: (shape: PointShapeSql | CircleSql | PolygonSql) => string,
): string {
  const n = `${alias}.n`
  const at = { longitude: `${n}[1]`, latitude: `${n}[2]` }
  const point = ask({ kind: 'point', at })
  const circle = ask({ kind: 'circle', at, radius: radiusOf({ sql: `${n}[3]` }) })
  const polygon = ask({ kind: 'polygon', array: n })
  return `(select case cardinality(${n}) when 2 then ${point} when 3 then ${circle} else ${polygon} end from (select ${numbers} as n offset 0) as ${alias})`
}
