/**
 * What a reader takes, as data: from this the JSON Schema, the documentation and the way back to YAML are made. It says
 * what should be written; readers accept more (`'7'` for 7, `yes` for true), because Felis does.
 */
export type Shape =
  | { readonly kind: 'text' }
  | { readonly kind: 'boolean' }
  /** Text, a number or a boolean: what fits the column's datatype. */
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

/** What an integer must lie between. */
export interface Range {
  readonly above?: number
  readonly least?: number
  readonly most?: number
}

/** One field of a class of Felis's data model, without how it is read. */
export interface FieldShape {
  /** How Felis calls it in Python; it may be written so in YAML, too. */
  readonly name: string
  /** How it is written in YAML, where that is not the name. */
  readonly alias?: string
  readonly read: { readonly shape?: Shape }
  /** The value when it is absent; without one it must be there. */
  readonly initial?: unknown
  /** What it says, for those who write it. */
  readonly meaning: string
  /** The column of TAP_SCHEMA that it fills. */
  readonly tap?: string
}

export interface ObjectShape {
  readonly kind: 'object'
  /** With its article: `a column`. */
  readonly noun: string
  readonly fields: Readonly<Record<string, FieldShape>>
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
