import type { ResultRule, ResultsConfig } from '../../environment/results.ts'
import { InvalidPatternError } from '../result-failures.ts'

/** The rule that an object falls under, and the job that its name holds. */
export interface RuleMatch {
  readonly rule: ResultRule
  /** null: the name holds none. */
  readonly job: string | null
}

/** The first rule that fits the whole name; null: none does, and the object is ignored. */
export type MatchRule = (name: string) => RuleMatch | null

/**
 * Prepares the patterns of the rules. They are matched by RE2, in time that is linear in the length of the name: names
 * come from those who write results, and one that makes an expression backtrack would stop every sweep. RE2 is loaded here,
 * for no other function than `collect-results` needs it.
 *
 * @throws InvalidPatternError
 */
export async function createMatchRule(rules: readonly ResultRule[]): Promise<MatchRule> {
  const { RE2JS } = await import('re2js')
  const compiled = rules.map((rule) => {
    try {
      // Also when the pattern is a choice: `^a|b$` is not meant to fit `abc`.
      const expression = RE2JS.compile(`^(?:${rule.pattern.slice(1, -1)})$`)
      return { rule, expression, hasJob: 'job' in expression.namedGroups() }
    } catch (error) {
      throw new InvalidPatternError(rule.name, error)
    }
  })
  return (name) => {
    for (const { rule, expression, hasJob } of compiled) {
      const matcher = expression.matcher(name)
      if (matcher.matches()) return { rule, job: hasJob ? matcher.group('job') || null : null }
    }
    return null
  }
}

/** The state of the sweep itself falls under no rule, under any name. */
export function isState(
  { bucket, stateBucket, stateObject }: ResultsConfig,
  { name }: { readonly name: string },
): boolean {
  return bucket === stateBucket && name === stateObject
}
