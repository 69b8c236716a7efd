/** A condition, resolved or not, that holds no others: what it compares. */
type Comparing<Value> =
  | { readonly kind: 'comparison'; readonly left: Value; readonly right: Value }
  | { readonly kind: 'between'; readonly operand: Value; readonly low: Value; readonly high: Value }
  | { readonly kind: 'in-list'; readonly operand: Value; readonly values: readonly Value[] }
  | { readonly kind: 'like'; readonly operand: Value; readonly pattern: Value }
  | { readonly kind: 'in-query' | 'is-null'; readonly operand: Value }
  | { readonly kind: 'exists' }

/** The values that a condition compares; those of its subqueries are the subqueries' own business. */
export function comparedValues<Value>(condition: Comparing<Value>): readonly Value[] {
  switch (condition.kind) {
    case 'comparison':
      return [condition.left, condition.right]
    case 'between':
      return [condition.operand, condition.low, condition.high]
    case 'in-list':
      return [condition.operand, ...condition.values]
    case 'like':
      return [condition.operand, condition.pattern]
    case 'in-query':
    case 'is-null':
      return [condition.operand]
    case 'exists':
      return []
  }
}
