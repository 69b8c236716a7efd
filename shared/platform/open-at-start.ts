import { Failure, messageOf } from '../failure.ts'
import type { Logger } from './log/log.ts'

/** A function cannot work as it is deployed. What is wrong has been logged. */
export class NotStartedError extends Failure {
  constructor(cause: unknown) {
    super('misconfigured', 'not_started', `the function does not start: ${messageOf(cause)}`, { cause })
  }
}

/**
 * Puts together what a function works with while its process starts. What fails then, say a broken environment file, is
 * logged with every problem and ends the process: its startup probe fails, and the revision that runs keeps the traffic.
 *
 * @throws NotStartedError
 */
export async function openAtStart<T>(open: () => Promise<T>, logger: Logger): Promise<T> {
  try {
    return await open()
  } catch (error) {
    const failure = new NotStartedError(error)
    logger.error(failure.message, { error })
    throw failure
  }
}
