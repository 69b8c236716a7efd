import { AdqlError } from '../error.ts'
import type { Shape } from '../resolved.ts'
import { makePolygon } from '../sphere/polygon.ts'
import type { Figure } from '../sphere/relations.ts'
import { toVector } from '../sphere/vectors.ts'
import type { Span } from '../syntax.ts'
import { type AngleSql, constantAngle, constantPoint, type PointSql } from './distance.ts'

/** A shape in SQL; `figure` where all of it is constant. */
export type ShapeSql = PointShapeSql | CircleSql | PolygonSql | RegionSql

export interface PointShapeSql {
  readonly kind: 'point'
  readonly at: PointSql
  readonly figure?: Figure
}

export interface CircleSql {
  readonly kind: 'circle'
  readonly at: PointSql
  readonly radius: AngleSql
  readonly figure?: Figure
}

/** Of vertices, of an array of longitudes and latitudes in turn, or a column of the strategy's own type. */
export type PolygonSql =
  | { readonly kind: 'polygon'; readonly vertices: readonly PointSql[]; readonly figure?: Figure & { kind: 'polygon' } }
  | { readonly kind: 'polygon'; readonly array: string; readonly figure?: undefined }
  | { readonly kind: 'polygon'; readonly native: string; readonly figure?: undefined }

/** A shape whose kind only each row knows, by how many numbers its array has: 2 a point, 3 a circle, more a polygon. */
export interface RegionSql {
  readonly kind: 'region'
  readonly numbers: string
  readonly figure?: undefined
}

export function constantShape(shape: Shape, span: Span): Exclude<ShapeSql, RegionSql> {
  switch (shape.kind) {
    case 'point': {
      const { longitude, latitude } = shape
      const figure: Figure = { kind: 'point', at: toVector(longitude, latitude) }
      return { kind: 'point', at: constantPoint(longitude, latitude), figure }
    }
    case 'circle': {
      const { longitude, latitude, radius } = shape
      const figure: Figure = { kind: 'circle', centre: toVector(longitude, latitude), radius }
      return { kind: 'circle', at: constantPoint(longitude, latitude), radius: constantAngle(radius), figure }
    }
    case 'polygon': {
      const polygon = makePolygon(shape.vertices)
      if (typeof polygon === 'string') throw new AdqlError('region', `This polygon ${polygon}.`, span)
      const vertices = shape.vertices.map(([longitude, latitude]) => constantPoint(longitude, latitude))
      return { kind: 'polygon', vertices, figure: { kind: 'polygon', polygon } }
    }
  }
}
