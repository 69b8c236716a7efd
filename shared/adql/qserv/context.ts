import type { ResolvedCondition, ResolvedExpression, Source } from '../resolved.ts'

export interface Context {
  /** Several tables: columns are always qualified. */
  readonly several: boolean
  expression(expression: ResolvedExpression): string
  condition(condition: ResolvedCondition): string
}

/** The name of a source in the query: the user's alias, one of ours where it needs one, or none. */
export function aliasOf({ alias, id }: Source, { several }: Context): string | undefined {
  return alias?.text ?? (several ? `t${id}` : undefined)
}
