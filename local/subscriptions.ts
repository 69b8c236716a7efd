import { Failure } from '../shared/failure.ts'
import { NAMING, QUERIES_TOPIC } from './environment.ts'
import { createNotifications, type Notifications } from './gcs/notify.ts'
import { startPubSub } from './pubsub/publisher.ts'
import { createPushSubscription } from './pubsub/push.ts'

/** Less patient than Pub/Sub. */
const DELAYS = { baseDelayMs: 250, maxDelayMs: 4_000 }

export interface DeliveryListeners {
  /** Tells of a delivery that is tried again. */
  readonly warn: (message: string) => void
  /** Tells of one that was given up. */
  readonly onDeadLetter: (error: DeadLetterError) => void
}

/** As the push subscription to the notifications of the releases bucket. */
export function subscribeLoader(frontUrl: string, { warn, onDeadLetter }: DeliveryListeners): Notifications {
  return createNotifications({
    ...DELAYS,
    url: `${frontUrl}/load-release/projects/local/topics/releases`,
    bucket: NAMING.bucket,
    onRetry: (_envelope, reason) => warn(`a notification is delivered again: ${reason.message}`),
    onDeadLetter: ({ message }, reason) => {
      onDeadLetter(new DeadLetterError(message.attributes.objectId ?? 'an object', reason))
    },
  })
}

/**
 * The topic of queued jobs with its push subscription; the real client publishes to it from now on. A message that is given
 * up is not lost for ever: watch-queries sends it again.
 *
 * @returns a function that stops it
 */
export async function startQueue(frontUrl: string, warn: DeliveryListeners['warn']): Promise<() => Promise<void>> {
  const subscription = createPushSubscription({
    ...DELAYS,
    url: `${frontUrl}/run-query/${QUERIES_TOPIC}`,
    subscription: 'projects/local/subscriptions/queries',
    onRetry: (_envelope, reason) => warn(`the message of a job is delivered again: ${reason.message}`),
    onDeadLetter: (_envelope, reason) => warn(`the message of a job is given up for now: ${reason.message}`),
  })
  const pubsub = await startPubSub((topic, message) => (topic === QUERIES_TOPIC ? subscription.push(message) : null))
  Object.assign(process.env, pubsub.variables)
  return async () => {
    pubsub.stop()
    await subscription.stop()
  }
}

/** A notification was delivered in vain too often. */
export class DeadLetterError extends Failure {
  constructor(object: string, cause: Error) {
    super(
      'unavailable',
      'dead_letter',
      `load-release did not manage to handle the notification of ${object}: ${cause.message}`,
      {
        cause,
      },
    )
  }
}
