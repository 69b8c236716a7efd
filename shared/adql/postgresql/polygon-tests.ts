import type { AngleSql, PointSql } from './distance.ts'

/** What can be asked of a polygon; each answer is NULL where a part of the question is. */
export interface PolygonTests {
  /** `filtering`: only true matters, so an index may answer. */
  holds(point: PointSql, filtering: boolean): string
  /** Whether the circle and the polygon have a point in common. `filtering` as above. */
  near(point: PointSql, radius: AngleSql, filtering: boolean): string
  /** Whether the circle lies within the polygon. */
  surrounds(point: PointSql, radius: AngleSql): string
  /** Whether the polygon lies within the circle. */
  within(point: PointSql, radius: AngleSql): string
}
