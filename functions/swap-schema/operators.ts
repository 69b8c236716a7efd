import { HttpError } from '../../shared/platform/http/errors.ts'
import { ANONYMOUS, type Caller, type Identify } from '../../shared/platform/identity.ts'

/** Who is calling, and whether that caller may stage, swap and roll back. */
export interface IdentifyOperator extends Identify {
  readonly mayChange: (caller: Caller) => boolean
}

/**
 * @param operators e-mail addresses, or `@example.org` for all of a domain; empty: everybody whom `identify` lets change
 *   something
 * @throws what `identify` throws; HttpError 403 (by the returned function) for a change by anybody else
 */
export function identifyOperator(identify: Identify, operators: readonly string[]): IdentifyOperator {
  const mayChange = (caller: Caller) =>
    operators.length === 0
      ? identify.requiresCaller !== true || caller.actor !== ANONYMOUS.actor
      : isOperator(caller, operators)
  const check: Identify = async (headers, request = { changes: false }) => {
    const caller = await identify(headers, request)
    if (request.changes && !mayChange(caller)) throw notAnOperator(caller)
    return caller
  }
  return Object.assign(check, { requiresCaller: identify.requiresCaller === true || operators.length > 0, mayChange })
}

function isOperator({ email }: Caller, operators: readonly string[]): boolean {
  if (email === null) return false
  const lower = email.toLowerCase()
  return operators.some((operator) => {
    const wanted = operator.toLowerCase()
    return wanted.startsWith('@') ? lower.endsWith(wanted) : lower === wanted
  })
}

function notAnOperator({ actor }: Caller): HttpError {
  const msg = `${actor} may look at everything and change nothing: swap.operators of the environment does not name this caller`
  return new HttpError(403, { msg, type: 'not_an_operator' })
}
