import { inOrder } from '../../../shared/discovery/in-order.ts'
import { compareCodePoints } from '../../../shared/environment/discovery/code-points.ts'

/** JSON for people and version control: keys sorted, indented by two. */
export function stringifySorted(value: unknown): string {
  return `${JSON.stringify(sortKeys(value), null, 2)}\n`
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => compareCodePoints(a, b))
  return inOrder(entries.map(([key, member]) => [key, sortKeys(member)] as const))
}
