import { openPubsubRest, type PubsubRest, type PulledMessage } from '../../../shared/platform/pubsub-rest.ts'
import { UsageError } from '../../terminal/usage-error.ts'

/** A notification of an upload that Pub/Sub gave up to deliver. */
export interface DeadLetter {
  readonly id: string
  /** ISO 8601, UTC. */
  readonly givenUp: string
  readonly tries: number | null
  /** Of the upload (Cloud Storage documentation, "Pub/Sub notifications"); null: it is about something else. */
  readonly bucket: string | null
  readonly object: string | null
  readonly generation: string | null
  /** The subscription that could not deliver it. */
  readonly source: string | null
}

/** Of one pull, and how often is pulled: a subscription need not give all that it has at once. */
const PULL = 100
const EMPTY_PULLS = 3

/** All letters that are there and that no other reader holds. They are given back. */
export async function readLetters(
  subscription: string,
  pubsub: PubsubRest = openPubsubRest(),
): Promise<readonly DeadLetter[]> {
  const messages = await pullAll(pubsub, subscription, null)
  await pubsub.giveBack(
    subscription,
    messages.map(({ ackId }) => ackId),
  )
  return messages.map(describe).sort((a, b) => (a.givenUp < b.givenUp ? -1 : 1))
}

export interface Settled {
  readonly letters: readonly DeadLetter[]
  readonly missing: readonly string[]
}

/**
 * Takes letters off the subscription, and publishes them before.
 *
 * @param wanted ids; null: all
 * @param again where they are published, null there: the topic that they came from; null: nowhere
 */
export async function settleLetters(
  subscription: string,
  wanted: ReadonlySet<string> | null,
  again: { readonly topic: string | null } | null,
  pubsub: PubsubRest = openPubsubRest(),
): Promise<Settled> {
  const messages = await pullAll(pubsub, subscription, wanted)
  const chosen = messages.filter(({ id }) => wanted === null || wanted.has(id))
  const topics = new Map<string, string>()
  const settled = new Set<PulledMessage>()
  try {
    for (const message of chosen) {
      if (again !== null)
        await pubsub.publish(again.topic ?? (await topicOf(message, topics, pubsub)), withoutMarks(message))
      await pubsub.acknowledge(subscription, [message.ackId])
      settled.add(message)
    }
  } finally {
    const left = messages.filter((message) => !settled.has(message)).map(({ ackId }) => ackId)
    await pubsub.giveBack(subscription, left)
  }
  const found = new Set(chosen.map(({ id }) => id))
  return { letters: chosen.map(describe), missing: [...(wanted ?? [])].filter((id) => !found.has(id)) }
}

async function pullAll(
  pubsub: PubsubRest,
  subscription: string,
  wanted: ReadonlySet<string> | null,
): Promise<readonly PulledMessage[]> {
  const found = new Map<string, PulledMessage>()
  for (let empty = 0; empty < EMPTY_PULLS; ) {
    const before = found.size
    for (const message of await pubsub.pull(subscription, PULL)) found.set(message.id, message)
    if (wanted !== null && [...wanted].every((id) => found.has(id))) break
    empty = found.size === before ? empty + 1 : 0
  }
  return [...found.values()]
}

/** What Pub/Sub adds to a dead letter (its documentation, "Dead-letter topics"). */
const MARK = 'CloudPubSubDeadLetterSource'

function withoutMarks({ attributes, data }: PulledMessage): Pick<PulledMessage, 'attributes' | 'data'> {
  return { attributes: Object.fromEntries(Object.entries(attributes).filter(([name]) => !name.startsWith(MARK))), data }
}

function sourceOf({ attributes }: Pick<PulledMessage, 'attributes'>): string | null {
  const [project, name] = [attributes[`${MARK}SubscriptionProject`], attributes[`${MARK}Subscription`]]
  return project === undefined || name === undefined ? null : `projects/${project}/subscriptions/${name}`
}

async function topicOf(message: PulledMessage, known: Map<string, string>, pubsub: PubsubRest): Promise<string> {
  const source = sourceOf(message)
  if (source === null) throw new UsageError(`${message.id} does not say where it came from: give --topic`)
  const topic = known.get(source) ?? (await pubsub.read(source)).topic
  if (topic === null) throw new UsageError(`${source} has no topic: give --topic`)
  known.set(source, topic)
  return topic
}

function describe(message: PulledMessage): DeadLetter {
  const { id, published, attributes } = message
  const tries = Number(attributes[`${MARK}DeliveryCount`])
  return {
    id,
    givenUp: published,
    tries: Number.isInteger(tries) ? tries : null,
    bucket: attributes.bucketId ?? null,
    object: attributes.objectId ?? null,
    generation: attributes.objectGeneration ?? null,
    source: sourceOf(message),
  }
}
