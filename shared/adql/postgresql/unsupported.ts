import { AdqlError } from '../error.ts'
import type { Span } from '../syntax.ts'

/** What a strategy of geometry, or PostgreSQL, lacks. */
export function unsupported(reason: string, message: string, span: Span): AdqlError {
  return new AdqlError('unsupported', message, span, { reason })
}
