import type { ResultRule, ResultsConfig } from '../environment/results-model.ts'

/** The rule that an object falls under, and the job that its name tells. */
export interface RuleMatch {
  readonly rule: ResultRule
  /** null: the name tells none. */
  readonly job: string | null
}

/** The first rule that fits the whole name; null: none does, and the object is nobody's business. */
export function matchRule(rules: readonly ResultRule[], name: string): RuleMatch | null {
  for (const rule of rules) {
    const match = rule.pattern.exec(name)
    if (match !== null) return { rule, job: match.groups?.job || null }
  }
  return null
}

/** The state of the sweep itself falls under no rule, whatever its name. */
export function isState(
  { bucket, stateBucket, stateObject }: ResultsConfig,
  { name }: { readonly name: string },
): boolean {
  return bucket === stateBucket && name === stateObject
}
