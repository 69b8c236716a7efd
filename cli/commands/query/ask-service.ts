import { type ServiceRequest, sendRequest } from '../../tap-client/send-request.ts'
import { endOnInterrupt } from '../../terminal/interrupt.ts'
import { withProgress } from '../../terminal/progress.ts'
import { TOKEN_VARIABLE } from '../server/options.ts'
import { findService } from './find-service.ts'

/** What `addServiceOptions` declares. */
export interface ServiceFlags {
  readonly url?: string
  readonly token?: string
}

/**
 * Asks a TAP service for something in JSON.
 *
 * @param path below the address of the service
 * @throws what `sendRequest` throws
 */
export async function askService(
  flags: ServiceFlags,
  path: string,
  request: Omit<ServiceRequest, 'token'> = {},
): Promise<unknown> {
  return (await sendToService(flags, path, request)).json()
}

/** The same of anything else. */
export async function sendToService(
  flags: ServiceFlags,
  path: string,
  request: Omit<ServiceRequest, 'token'> = {},
): Promise<Response> {
  endOnInterrupt()
  const url = await findService(flags.url)
  const token = flags.token ?? (process.env[TOKEN_VARIABLE] || undefined)
  return withProgress('asking the service', () => sendRequest(url, `${url}${path}`, { ...request, token }))
}
