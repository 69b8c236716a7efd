import { quote } from '../../adql/names.ts'
import { QueryServiceError } from '../errors.ts'

/**
 * What it means that a session could not become the role that its queries run as; undefined: the error is about something
 * else. PostgreSQL tells such errors from those of queries by where they come from alone: we set nothing else that it checks.
 */
export function explainRole(error: unknown, role: string | null): QueryServiceError | undefined {
  if (role === null || !(error instanceof Error)) return undefined
  if (!('routine' in error) || error.routine !== 'call_string_check_hook') return undefined
  const advice =
    'code' in error && error.code === '42501'
      ? `query.role is ${role}, which the user of the address may not become: grant ${quote(role)} to that user`
      : `query.role is ${role}, and the database has no such role: create it, or correct query.role`
  return new QueryServiceError(
    'The service cannot become the role that its queries run as. Its log says why.',
    new Error(advice, { cause: error }),
  )
}
