import type { Field } from './read-object.ts'
import type { Range } from './readers.ts'

/**
 * What a reader takes, as data: from this the JSON Schema, the documentation and the way back to YAML are made. It says
 * what should be written; readers put up with more (`'7'` for 7, `yes` for true), because Felis does.
 */
export type Shape =
  | { readonly kind: 'text' }
  | { readonly kind: 'boolean' }
  /** Text, a number or a boolean: whatever fits the column's datatype. */
  | { readonly kind: 'scalar' }
  | { readonly kind: 'integer'; readonly range: Range }
  | { readonly kind: 'word'; readonly words: readonly string[] }
  | { readonly kind: 'nullable'; readonly of: Shape }
  | { readonly kind: 'either'; readonly of: readonly Shape[] }
  | { readonly kind: 'list'; readonly of: Shape; readonly least: number }
  /** A mapping with keys of one's own choice. */
  | { readonly kind: 'mapping'; readonly of: Shape }
  | ObjectShape
  /** Objects that say what they are under `@type`. */
  | { readonly kind: 'tagged'; readonly kinds: Readonly<Record<string, Shape>> }

export interface ObjectShape {
  readonly kind: 'object'
  /** With its article: `a column`. */
  readonly noun: string
  readonly fields: Readonly<Record<string, Field<unknown>>>
  readonly unknownKeys: 'refused' | 'ignored'
}

/** A reader that lets its shape be known. */
export function shaped<F extends object>(read: F, shape: Shape): F & { readonly shape: Shape } {
  return Object.assign(read, { shape })
}

/** The shape that a reader is known to have. */
export function shapeOf(read: { readonly shape?: Shape }): Shape {
  if (read.shape === undefined) throw new TypeError('a reader of the data model has no shape')
  return read.shape
}
