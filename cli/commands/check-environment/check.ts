import { Failure, messageOf } from '../../../shared/failure.ts'

/** What was found about one thing. */
export interface Check {
  /** `tap: database`, `bucket example-sdm-schemas`. */
  readonly subject: string
  /** skipped: it could not be looked at. */
  readonly state: 'ok' | 'warning' | 'error' | 'skipped'
  /** What there is, or what to do. */
  readonly message: string
}

/** One thing, looked at; what fails on purpose is what is wrong with it. */
export async function check(
  subject: string,
  look: () => Promise<string | Check | readonly Check[]>,
): Promise<readonly Check[]> {
  try {
    const found = await look()
    if (typeof found === 'string') return [{ subject, state: 'ok', message: found }]
    return [found].flat()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return [{ subject, state: 'error', message: messageOf(error) }]
  }
}
