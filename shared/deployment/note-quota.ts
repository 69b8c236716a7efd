import { messageOf } from '../failure.ts'
import type { Logger } from '../platform/log/log.ts'
import { createNotification } from '../uws/notify.ts'
import type { QuotaError } from '../uws/quota.ts'
import { announce } from './announce.ts'
import type { JobBackend } from './served-tap.ts'

const NOTED_SECONDS = 86_400

/** Says in the log that a quota was reached, and shows it to its user for a day. It never throws: the refusal stands without it. */
export async function noteQuota(
  backend: JobBackend,
  refusal: {
    readonly server: string
    readonly owner: string | null
    readonly error: QuotaError
    readonly logger: Logger
  },
): Promise<void> {
  const { server, owner, error, logger } = refusal
  logger.info(`a quota was reached: ${error.message}`, { server, owner, code: error.code })
  if (owner === null) return
  try {
    const about = { server, recipient: owner, kind: 'quota', message: error.message, seconds: NOTED_SECONDS }
    const { id } = await createNotification(backend.pool, about)
    await announce(backend, { server, type: 'notification', id }, logger)
  } catch (failure) {
    logger.warning(`a user could not be notified of his quota: ${messageOf(failure)}`, { owner, error: failure })
  }
}
