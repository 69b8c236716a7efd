import { AdqlError } from '../error.ts'
import type { Span } from '../syntax.ts'

/** What Qserv cannot do, in a sentence that says what to write instead where there is something. */
const REFUSALS = {
  subquery: 'Qserv takes no subqueries: write a join.',
  'common-table': 'Qserv takes no WITH: write its query in place, or two queries.',
  'set-operation': 'Qserv takes no UNION, EXCEPT or INTERSECT: send two queries.',
  'outer-join': 'Qserv takes no LEFT, RIGHT or FULL JOIN: write JOIN.',
  'nested-join': 'Qserv takes no join within a join: drop the parentheses.',
  offset: 'Qserv takes no OFFSET: sort by a column and ask for what lies beyond the last value that you have.',
  'order-by-not-selected': 'Qserv sorts only by what is selected: select it too.',
  'order-by-expression': 'Qserv does not sort by expressions: write SELECT … AS a … ORDER BY a.',
  'group-by-not-selected': 'Qserv groups only by what is selected: select it too.',
  'group-by-expression': 'Qserv groups by columns only.',
  'distinct-aggregate': 'Qserv cannot count or sum distinct values: write SELECT DISTINCT and count the rows.',
  choice: 'Qserv takes conditions in WHERE only: ask once for each of them.',
  cast: 'Qserv takes no CAST.',
  region: 'Qserv takes no REGION: write CIRCLE or POLYGON.',
  box: 'Qserv takes no BOX: write POLYGON or CIRCLE.',
  intersects: 'Qserv cannot compute INTERSECTS: for circles, write DISTANCE(…) <= the sum of the radii.',
  'contains-first-argument': 'In Qserv the first argument of CONTAINS must be a POINT.',
  'contains-second-argument': 'In Qserv the second argument of CONTAINS must be a CIRCLE or a POLYGON.',
  'distance-argument': 'In Qserv both arguments of DISTANCE must be POINTs.',
  'geometry-function': 'Qserv cannot compute this: it knows CONTAINS and DISTANCE.',
  'polygon-not-convex': 'Qserv knows convex polygons only: split it into convex ones.',
  'polygon-not-constant': 'In Qserv the vertices of a POLYGON must be constants.',
  function: 'Qserv has no such function.',
} as const

export function refuse(reason: keyof typeof REFUSALS, { span }: { readonly span: Span }, message?: string): AdqlError {
  return new AdqlError('unsupported', message ?? REFUSALS[reason], span, { reason })
}
