import type { StructureDiff } from '../../../shared/tables/structure/diff-structures.ts'
import type { DiffSide, SchemaDiff } from '../../../shared/tap-schema/diff.ts'

/** What is different between two sides. */
export interface FilesDiff {
  readonly from: DiffSide
  readonly to: DiffSide
  /** What TAP_SCHEMA would say; null: this was not compared. */
  readonly tapSchema: SchemaDiff | null
  /** What the tables of the database would feel; null: this was not asked for. */
  readonly structure: StructureDiff | null
  /** How many changes of the tables there are of which TAP_SCHEMA says nothing. */
  readonly outside: number
  /** Tables of the database of which the files say nothing. */
  readonly others: readonly string[]
  /** Where something of the side `to` is written, by its name in a change. */
  readonly placeOf: (name: string) => Place | undefined
}

export interface Place {
  readonly file: string
  readonly line?: number
}
