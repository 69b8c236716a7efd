import { type RetryPolicy, retry } from '../../shared/platform/retry.ts'

/** What is delivered. */
export interface PushedMessage {
  readonly data: Uint8Array
  readonly attributes: Readonly<Record<string, string>>
  /** Empty, or left out: none. */
  readonly orderingKey?: string
}

/** The body that Pub/Sub posts to a push endpoint ("Receive push messages"). */
export interface PushEnvelope {
  readonly message: {
    /** Base64. */
    readonly data: string
    readonly attributes: Readonly<Record<string, string>>
    readonly messageId: string
    readonly publishTime: string
  }
  readonly subscription: string
  readonly deliveryAttempt: number
}

export interface PushOptions {
  /** Where envelopes are posted. */
  readonly url: string
  /** `projects/P/subscriptions/S` */
  readonly subscription?: string
  /** Tries before a message is dead. */
  readonly attempts?: number
  readonly baseDelayMs?: number
  readonly maxDelayMs?: number
  /** How long the endpoint may take for one delivery. */
  readonly acknowledgeMs?: number
  readonly onRetry?: (envelope: PushEnvelope, reason: Error) => void
  readonly onDeadLetter?: (envelope: PushEnvelope, reason: Error) => void
  readonly sleep?: RetryPolicy['sleep']
}

export interface PushSubscription {
  /**
   * Takes a message and returns at once.
   *
   * @returns its id; null: the subscription was stopped
   */
  readonly push: (message: PushedMessage) => string | null
  /** Resolves when everything taken so far is delivered or dead. */
  idle(): Promise<void>
  /** Gives up what is not delivered yet, without calling it dead. */
  stop(): Promise<void>
}

/**
 * A push subscription of Pub/Sub. Each message is posted until the endpoint answers 2xx, with growing pauses, at most
 * `attempts` times. As with Pub/Sub, messages overtake each other.
 */
export function createPushSubscription(options: PushOptions): PushSubscription {
  const stopping = new AbortController()
  const underway = new Set<Promise<void>>()
  let lastMessageId = BigInt(Date.now()) * 1_000_000n

  const push = (message: PushedMessage) => {
    if (stopping.signal.aborted) return null
    lastMessageId += 1n
    const messageId = String(lastMessageId)
    const delivery = deliver(message, messageId, options, stopping.signal)
    underway.add(delivery)
    delivery.finally(() => underway.delete(delivery))
    return messageId
  }
  const idle = async () => {
    while (underway.size > 0) await Promise.all(underway)
  }
  const stop = () => {
    stopping.abort(new Error('the subscription was stopped'))
    return idle()
  }
  return { push, idle, stop }
}

async function deliver(
  { attributes, data }: PushedMessage,
  messageId: string,
  options: PushOptions,
  stopping: AbortSignal,
): Promise<void> {
  const publishTime = new Date().toISOString()
  const message = { data: Buffer.from(data).toString('base64'), attributes, messageId, publishTime }
  const subscription = options.subscription ?? 'projects/local/subscriptions/almagest'
  let envelope: PushEnvelope = { message, subscription, deliveryAttempt: 1 }
  const post = async (deliveryAttempt: number) => {
    stopping.throwIfAborted()
    envelope = { ...envelope, deliveryAttempt }
    await postEnvelope(envelope, options, stopping)
  }
  try {
    await retry(post, {
      attempts: options.attempts ?? 5,
      baseDelayMs: options.baseDelayMs ?? 1_000,
      maxDelayMs: options.maxDelayMs ?? 60_000,
      totalMs: Number.POSITIVE_INFINITY,
      isRetryable: () => !stopping.aborted,
      onRetry: (error) => options.onRetry?.(envelope, asError(error)),
      sleep: options.sleep ?? ((milliseconds) => pause(milliseconds, stopping)),
    })
  } catch (error) {
    if (!stopping.aborted) options.onDeadLetter?.(envelope, asError(error))
  }
}

async function postEnvelope(envelope: PushEnvelope, options: PushOptions, stopping: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(options.acknowledgeMs ?? 600_000)])
  const answer = await fetch(options.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(envelope),
    signal,
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${options.url} answered ${answer.status}: ${text.slice(0, 300)}`)
}

/** Ends early when the subscription stops. */
function pause(milliseconds: number, stopping: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const finish = () => {
      clearTimeout(timer)
      stopping.removeEventListener('abort', finish)
      done()
    }
    const timer = setTimeout(finish, milliseconds)
    stopping.addEventListener('abort', finish)
  })
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
