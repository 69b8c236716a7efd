import { lazily } from '../lazily.ts'
import { QueueError, type WorkQueue } from './work-queue.ts'

export interface TaskQueueConfig {
  /** `projects/P/locations/L/queues/Q` */
  readonly queue: string
  /** What the queue calls. */
  readonly url: string
  /** As whom; the account of who makes tasks must be allowed to act as this one. */
  readonly serviceAccount: string
  /** null: Google's own. An `http:` address is a stand-in, which is called without credentials. */
  readonly apiEndpoint: string | null
}

const CLOUD_TASKS = 'https://cloudtasks.googleapis.com'

/** The longest that Cloud Tasks waits for the answer to a call ("REST: Task", dispatchDeadline). */
const DISPATCH_DEADLINE = '1800s'

/**
 * Opens a queue of Cloud Tasks: each message becomes a task whose body is the attributes as JSON. One REST call makes it
 * (`projects.locations.queues.tasks.create`); Google's client would bring gRPC along.
 */
export function openTaskQueue(config: TaskQueueConfig, { timeoutMs = 10_000 } = {}): WorkQueue {
  const { queue, url, serviceAccount, apiEndpoint } = config
  const address = `${apiEndpoint?.replace(/\/+$/, '') ?? CLOUD_TASKS}/v2/${queue}/tasks`
  const authorise = lazily(() => openAuthorisation(address))
  return {
    async send(attributes) {
      const httpRequest = {
        ...{ url, httpMethod: 'POST', headers: { 'content-type': 'application/json' } },
        body: Buffer.from(JSON.stringify(attributes)).toString('base64'),
        oidcToken: { serviceAccountEmail: serviceAccount, audience: new URL(url).origin },
      }
      try {
        const headers = new Headers(await (await authorise())())
        headers.set('content-type', 'application/json')
        const answer = await fetch(address, {
          ...{ method: 'POST', headers, signal: AbortSignal.timeout(timeoutMs) },
          body: JSON.stringify({ task: { httpRequest, dispatchDeadline: DISPATCH_DEADLINE } }),
        })
        const text = await answer.text()
        if (!answer.ok) throw new Error(`Cloud Tasks answered ${answer.status}: ${text.slice(0, 300)}`)
      } catch (error) {
        throw new QueueError(queue, error)
      }
    },
  }
}

async function openAuthorisation(address: string): Promise<() => Promise<Headers>> {
  if (address.startsWith('http:')) return async () => new Headers()
  const { GoogleAuth } = await import('google-auth-library')
  const auth = new GoogleAuth({ scopes: 'https://www.googleapis.com/auth/cloud-platform' })
  return () => auth.getRequestHeaders(address)
}
