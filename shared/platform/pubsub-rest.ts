import { Failure, messageOf } from '../failure.ts'
import { isRecord } from '../is-record.ts'

/** Pub/Sub did not do what was asked. */
export class PubsubError extends Failure {
  constructor(resource: string, status: number | null, message: string, cause?: unknown) {
    const kind = status === 404 ? 'missing' : status === 403 || status === 401 ? 'denied' : 'unavailable'
    super(kind, 'pubsub', `${resource}: ${message}`, { cause })
  }
}

/** A message that was pulled and is held until its deadline, or until it is acknowledged or given back. */
export interface PulledMessage {
  readonly ackId: string
  readonly id: string
  /** ISO 8601, UTC. */
  readonly published: string
  readonly attributes: Readonly<Record<string, string>>
  /** Base64, as it came. */
  readonly data: string
}

/** What a command needs of Pub/Sub, by its JSON interface: the client with gRPC is for who publishes all day. */
export interface PubsubRest {
  /** Whether a topic or a subscription (`projects/P/topics/T`) is there; the topic of a subscription. */
  read(resource: string): Promise<{ readonly topic: string | null }>
  pull(subscription: string, most: number): Promise<readonly PulledMessage[]>
  publish(topic: string, message: Pick<PulledMessage, 'attributes' | 'data'>): Promise<void>
  acknowledge(subscription: string, ackIds: readonly string[]): Promise<void>
  /** Others get them again at once. */
  giveBack(subscription: string, ackIds: readonly string[]): Promise<void>
}

const GOOGLE = 'https://pubsub.googleapis.com'

/** Calls with the credentials of the caller, or to the emulator that PUBSUB_EMULATOR_HOST names. */
export function openPubsubRest(emulator: string | undefined = process.env.PUBSUB_EMULATOR_HOST): PubsubRest {
  const isEmulated = emulator !== undefined && emulator !== ''
  const base = isEmulated ? `http://${emulator}` : GOOGLE
  const call = async (resource: string, verb = '', body?: object): Promise<Readonly<Record<string, unknown>>> => {
    const headers = isEmulated ? {} : { authorization: `Bearer ${await readToken(resource)}` }
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
    const url = `${base}/v1/${resource}${verb}`
    const send = fetch(url, {
      ...init,
      headers: { ...headers, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const response = await send.catch((error: unknown) => {
      throw new PubsubError(resource, null, `Pub/Sub does not answer: ${messageOf(error)}`, error)
    })
    const answer: unknown = await response.json().catch(() => null)
    if (response.ok) return isRecord(answer) ? answer : {}
    throw new PubsubError(resource, response.status, explain(response.status, answer))
  }
  return {
    async read(resource) {
      const { topic } = await call(resource)
      return { topic: typeof topic === 'string' ? topic : null }
    },
    async pull(subscription, most) {
      const { receivedMessages } = await call(subscription, ':pull', { maxMessages: most, returnImmediately: true })
      return Array.isArray(receivedMessages) ? receivedMessages.flatMap(readMessage) : []
    },
    async publish(topic, { attributes, data }) {
      await call(topic, ':publish', { messages: [{ attributes, data }] })
    },
    async acknowledge(subscription, ackIds) {
      if (ackIds.length > 0) await call(subscription, ':acknowledge', { ackIds })
    },
    async giveBack(subscription, ackIds) {
      if (ackIds.length > 0) await call(subscription, ':modifyAckDeadline', { ackIds, ackDeadlineSeconds: 0 })
    },
  }
}

const TIMEOUT_MS = 30_000

async function readToken(resource: string): Promise<string> {
  const { GoogleAuth } = await import('google-auth-library')
  const auth = new GoogleAuth({ scopes: 'https://www.googleapis.com/auth/pubsub' })
  const token = await auth.getAccessToken().catch((error: unknown) => {
    throw new PubsubError(resource, 401, `there are no credentials: ${messageOf(error)}`, error)
  })
  return token ?? ''
}

function explain(status: number, answer: unknown): string {
  const error = isRecord(answer) && isRecord(answer.error) ? answer.error : {}
  const said = typeof error.message === 'string' ? error.message : `Pub/Sub answered ${status}`
  if (status === 403) return `${said} (reading needs roles/pubsub.subscriber, publishing roles/pubsub.publisher)`
  return said
}

function readMessage(received: unknown): readonly PulledMessage[] {
  if (!isRecord(received) || !isRecord(received.message) || typeof received.ackId !== 'string') return []
  const { messageId, publishTime, attributes, data } = received.message
  const texts = Object.entries(isRecord(attributes) ? attributes : {}).map(([name, value]) => [name, String(value)])
  return [
    {
      ackId: received.ackId,
      id: String(messageId),
      published: String(publishTime ?? ''),
      attributes: Object.fromEntries(texts),
      data: typeof data === 'string' ? data : '',
    },
  ]
}
