import type { Shape } from './shapes.ts'

/** Why a text cannot be the value of a field, as the end of a sentence about it; null: it can. */
export type Refuse = (text: string) => string | null

interface FieldBase {
  /** Dotted, `*` for a name of the site's own choice. */
  readonly key: string
  /** For docs/configuration.md. */
  readonly meaning: string
}

interface GroupField extends FieldBase {
  /** `named`: a mapping whose keys are names. */
  readonly type: 'section' | 'named'
}

export interface TextField extends FieldBase {
  readonly type: 'text'
  readonly default: string | null
  readonly refuse: Refuse
  readonly choices?: readonly string[]
  /** Never shown in a problem. */
  readonly secret?: true
}

export interface TextsField extends FieldBase {
  readonly type: 'texts'
  readonly default: readonly string[]
  /** Of each text. */
  readonly refuse: Refuse
  /** Whether one text may stand for a list of one. */
  readonly single?: true
}

export interface IntegerField extends FieldBase {
  readonly type: 'integer'
  readonly default: number | null
  readonly min: number
  readonly max: number
  /** Whether null says something, and not just nothing. */
  readonly nullable?: true
}

export interface FlagField extends FieldBase {
  readonly type: 'flag'
  /** null: it depends on where the function runs. */
  readonly default: boolean | null
}

/** Whatever its shape reads. */
export interface ShapedField extends FieldBase {
  readonly type: 'shaped'
  readonly default: null
  readonly shape: Shape<unknown>
}

export type ValueField = TextField | TextsField | IntegerField | FlagField | ShapedField
export type Field = GroupField | ValueField
