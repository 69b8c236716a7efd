import { abridge, writeFloat, YamlBinary, YamlFloat, type YamlKey, YamlTimestamp } from '../yaml/values.ts'

/** A place in a file's data: the chain of keys and indices that leads to it. */
export interface Loc {
  readonly parent: Loc | null
  readonly key: YamlKey
  /** How Felis writes this step of the path, where it differs from the key. */
  readonly shown?: string
}

export type Path = Loc | null

/** Where a thing of the model was written. */
export interface Origin {
  readonly file: string
  readonly loc: Path
}

export function below(parent: Path, key: YamlKey, shown?: string): Loc {
  return shown === undefined ? { parent, key } : { parent, key, shown }
}

export function keysOf(loc: Path): YamlKey[] {
  const keys: YamlKey[] = []
  for (let step = loc; step !== null; step = step.parent) keys.unshift(step.key)
  return keys
}

/** Felis's own notation: `tables.1.constraints.0.ForeignKey.columns`. */
export function showPath(loc: Path): string {
  const steps: string[] = []
  for (let step = loc; step !== null; step = step.parent) {
    steps.unshift(abridge(step.shown ?? showKey(step.key), LONGEST_STEP))
  }
  return steps.join('.')
}

/** Longer than any id or key in earnest; without a limit, a file of nonsense has a report many times its own size. */
const LONGEST_STEP = 400

/** Keys that are no text are shown as Python does; there, booleans are numbers. */
export function showKey(key: YamlKey): string {
  if (key === null) return 'None'
  if (key instanceof YamlTimestamp) return key.text
  if (key instanceof YamlBinary) return '!!binary'
  if (key instanceof YamlFloat) return writeFloat(key.value)
  return String(typeof key === 'boolean' ? Number(key) : key)
}

/** A problem whose position has not been looked up yet. */
export interface Draft {
  readonly loc: Path
  /** What Felis gives as the place, where that says less than `loc`. */
  readonly path?: Path
  /** What the position should be of: the value, or the key that leads to it. */
  readonly at: 'key' | 'value'
  readonly code: string
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly suggestion?: string
  readonly notReportedByFelis?: boolean
}
