import { AdqlError } from './error.ts'
import { DEFAULT_LIMITS, type Limits } from './limits.ts'
import { readCondition } from './parse/conditions.ts'
import { Cursor, type Readers } from './parse/cursor.ts'
import { readQuery, readQueryExpression } from './parse/queries.ts'
import { explainStop } from './parse/slips.ts'
import type { Query } from './syntax.ts'

/**
 * Parses one ADQL 2.1 query (REC 2023-12-15), of 2.0 as well. Time is linear in the length of the text.
 *
 * @throws AdqlError of kind `syntax` or `limit`: the first thing in the text that is wrong
 */
export function parseQuery(text: string, limits: Partial<Limits> = {}): Query {
  const all = { ...DEFAULT_LIMITS, ...limits }
  if (text.length > all.length) {
    const message = `The query is ${text.length} characters long; ${all.length} are the most that this service takes.`
    throw new AdqlError('limit', message, { start: all.length, end: all.length })
  }
  return readQuery(new Cursor(text, all, READERS, explainStop))
}

const READERS: Readers = { queryExpression: readQueryExpression, condition: readCondition }
