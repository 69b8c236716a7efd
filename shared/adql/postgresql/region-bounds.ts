import type { ColumnMetadata } from '../metadata.ts'
import type { ResolvedColumn, ResolvedExpression } from '../resolved.ts'
import type { Figure } from '../sphere/relations.ts'
import { DEGREE, toPosition, type Vector } from '../sphere/vectors.ts'
import type { Context } from './context.ts'
import { columnSql, doubleSql } from './names.ts'
import type { ShapeSql } from './shape-sql.ts'
import { isShapeText } from './types.ts'

/**
 * A condition that a GiST index on the bounds of a column of regions answers, and that is true wherever the regions of the
 * column and the other shape have a point in common; undefined where there is none.
 */
export function boundsFilter(expression: ResolvedExpression, other: ShapeSql, context: Context): string | undefined {
  if (expression.kind !== 'column' || !isShapeText(expression.type)) return undefined
  const bounds = boundsColumn(expression, context)
  if (bounds === undefined) return undefined
  const boxes = other.figure === undefined ? boxesOfPoint(other) : boxesOf(other.figure)
  return boxes === undefined ? undefined : `(${boxes.map((box) => `${bounds} && ${box}`).join(' or ')})`
}

function boundsColumn({ source, column }: ResolvedColumn, { findBounds }: Context): string | undefined {
  if (source.of.kind !== 'table') return undefined
  const name = findBounds?.(source.of.table, column as ColumnMetadata)
  return name === undefined ? undefined : `s${source.id}.${columnSql({ ...column, physical: name } as ColumnMetadata)}`
}

/** Turns by which a shape may lie beside the bounds of the same place. */
const TURNS: readonly number[] = [-360, 0, 360]

/** Of a point of the row: a join may go by the index. */
function boxesOfPoint(shape: ShapeSql): string[] | undefined {
  if (shape.kind !== 'point' || shape.at.columns !== true) return undefined
  const { longitude, latitude } = shape.at
  return TURNS.map((turn) => {
    const point = `point(${longitude} + ${turn}, ${latitude})`
    return `box(${point}, ${point})`
  })
}

function boxesOf(figure: Figure): string[] {
  const { centre, radius } = capOf(figure)
  const [longitude, latitude] = toPosition(centre)
  const isPolar = Math.abs(latitude) + radius >= 89.999
  const width = isPolar ? 180 : Math.asin(Math.sin(radius * DEGREE) / Math.cos(latitude * DEGREE)) / DEGREE
  const corner = (turn: number, side: 1 | -1) =>
    `point(${doubleSql(longitude + turn + side * width)}, ${doubleSql(latitude + side * radius)})`
  return TURNS.map((turn) => `box(${corner(turn, -1)}, ${corner(turn, 1)})`)
}

/** A circle that holds the figure, and a little more. */
function capOf(figure: Figure): { readonly centre: Vector; readonly radius: number } {
  const margin = 1e-6
  switch (figure.kind) {
    case 'point':
      return { centre: figure.at, radius: margin }
    case 'circle':
      return { centre: figure.centre, radius: Math.min(180, figure.radius + margin) }
    case 'polygon':
      return { centre: figure.polygon.bounds.centre, radius: figure.polygon.bounds.radius + margin }
  }
}
