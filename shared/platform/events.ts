import type { PubSub, Topic } from '@google-cloud/pubsub'
import { Failure } from '../failure.ts'
import { lazily } from '../lazily.ts'
import { withDeadline } from './deadline.ts'
import type { Logger } from './log/log.ts'
import { QueueError, type WorkQueue } from './work-queue.ts'

export type EventName = 'staged' | 'swapped' | 'rolled_back' | 'rejected'

/** Tells other systems what happened to a release. */
export interface EventPublisher {
  /**
   * Publishes one message: `data` as JSON, the name of the event as attribute `event` beside the given ones, for
   * subscription filters.
   *
   * It never throws and returns within the time limit. By then the database holds the truth: failing here would make
   * Pub/Sub deliver the upload again, or tell an operator that a swap which is live had failed. What could not be
   * published is logged at ERROR, and history has it.
   */
  readonly publish: (event: EventName, attributes: Readonly<Record<string, string>>, data: unknown) => Promise<void>
  readonly close: () => Promise<void>
}

export interface PublisherOptions {
  /** How long one publication may keep its caller waiting. */
  readonly timeoutMs?: number
}

/**
 * Opens a publisher to a topic, `projects/P/topics/T`; null: events go nowhere. The Pub/Sub client is loaded at the
 * first publication.
 *
 * @throws TopicNameError
 */
export function openPublisher(topic: string | null, logger: Logger, options: PublisherOptions = {}): EventPublisher {
  if (topic === null) return { publish: async () => {}, close: async () => {} }
  const publisher = new TopicPublisher(topic, projectOf(topic), logger, options.timeoutMs ?? 10_000)
  // As plain functions, so that they can be handed on by themselves.
  return {
    publish: (event, attributes, data) => publisher.publish(event, attributes, data),
    close: () => publisher.close(),
  }
}

/** Opens a topic for messages that must not get lost unseen. @throws TopicNameError */
export function openQueue(topic: string, logger: Logger, options: PublisherOptions = {}): WorkQueue {
  const publisher = new TopicPublisher(topic, projectOf(topic), logger, options.timeoutMs ?? 10_000)
  return { send: (attributes) => publisher.send(attributes) }
}

/** Tells other systems in order. */
export interface EventTopic {
  /**
   * Publishes one message. Those with the same key are delivered in the order of the calls, to subscriptions that want it
   * (`enableMessageOrdering`); wait for one before the next.
   *
   * @throws QueueError
   */
  send(attributes: Readonly<Record<string, string>>, data: unknown, orderingKey: string): Promise<void>
}

/** Opens a topic for events that must not get lost unseen. @throws TopicNameError */
export function openEventTopic(topic: string, logger: Logger, options: PublisherOptions = {}): EventTopic {
  const publisher = new TopicPublisher(topic, projectOf(topic), logger, options.timeoutMs ?? 10_000)
  return { send: (attributes, data, orderingKey) => publisher.sendInOrder(attributes, data, orderingKey) }
}

function projectOf(topic: string): string {
  const projectId = /^projects\/([^/]+)\/topics\/[^/]+$/.exec(topic)?.[1]
  if (projectId === undefined) throw new TopicNameError(topic)
  return projectId
}

export class TopicNameError extends Failure {
  constructor(topic: string) {
    super(
      'misconfigured',
      'invalid_topic',
      `${JSON.stringify(topic)} does not name a topic: projects/PROJECT/topics/TOPIC is expected`,
    )
  }
}

class TopicPublisher {
  readonly #topic: string
  readonly #projectId: string
  readonly #logger: Logger
  readonly #timeoutMs: number
  readonly #connected = lazily(() => this.#connect())

  constructor(topic: string, projectId: string, logger: Logger, timeoutMs: number) {
    this.#topic = topic
    this.#projectId = projectId
    this.#logger = logger
    this.#timeoutMs = timeoutMs
  }

  async publish(event: EventName, attributes: Readonly<Record<string, string>>, data: unknown): Promise<void> {
    try {
      const message = { attributes: readAttributes({ ...attributes, event }), data: Buffer.from(encodeData(data)) }
      const messageId = await this.#inTime(this.#publish(message))
      this.#logger.info(`published ${event}`, { topic: this.#topic, messageId, attributes })
    } catch (error) {
      this.#logger.error(`the event ${event} could not be published`, { topic: this.#topic, attributes, error })
    }
  }

  async send(attributes: Readonly<Record<string, string>>): Promise<void> {
    try {
      // Pub/Sub wants content or an attribute; push endpoints are simpler where there is always some content.
      await this.#inTime(this.#publish({ attributes: readAttributes(attributes), data: Buffer.from('{}') }))
    } catch (error) {
      throw new QueueError(this.#topic, error)
    }
  }

  async sendInOrder(attributes: Readonly<Record<string, string>>, data: unknown, orderingKey: string): Promise<void> {
    try {
      const message = { attributes: readAttributes(attributes), data: Buffer.from(encodeData(data)), orderingKey }
      await this.#inTime(this.#publish(message))
    } catch (error) {
      // After a failure the client refuses the key until somebody says that he will publish the same message again.
      const connected = await this.#connected.started()?.catch(() => undefined)
      connected?.topic.resumePublishing(orderingKey)
      throw new QueueError(this.#topic, error)
    }
  }

  async close(): Promise<void> {
    const connected = this.#connected.started()
    if (connected === undefined) return
    try {
      const { pubsub } = await connected
      await this.#inTime(pubsub.close())
    } catch (error) {
      this.#logger.warning('the Pub/Sub client could not be closed', { error })
    }
  }

  #inTime<T>(work: Promise<T>): Promise<T> {
    const seconds = this.#timeoutMs / 1000
    return withDeadline(work, this.#timeoutMs, () => new Error(`Pub/Sub did not answer within ${seconds} s`))
  }

  async #publish(message: {
    readonly attributes: Record<string, string>
    readonly data: Buffer
    readonly orderingKey?: string
  }): Promise<string> {
    const { topic } = await this.#connected()
    return topic.publishMessage(message)
  }

  async #connect(): Promise<{ readonly pubsub: PubSub; readonly topic: Topic }> {
    const { PubSub } = await import('@google-cloud/pubsub')
    const pubsub = new PubSub({ projectId: this.#projectId })
    // One message at a time: waiting for a batch to fill would only keep the request waiting.
    const gaxOpts = { timeout: this.#timeoutMs }
    const topic = pubsub.topic(this.#topic, { batching: { maxMessages: 1 }, messageOrdering: true, gaxOpts })
    return { pubsub, topic }
  }
}

/** "Pub/Sub quotas and limits": bytes of an attribute's value. */
const ATTRIBUTE_BYTES = 1024

/** Long values are cut for the filters' sake; the data has them whole. */
function readAttributes(attributes: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(attributes).map(([name, value]): [string, string] => {
    if (Buffer.byteLength(value) <= ATTRIBUTE_BYTES) return [name, value]
    const cut = new TextDecoder().decode(Buffer.from(value).subarray(0, ATTRIBUTE_BYTES), { stream: true })
    return [name, cut]
  })
  return Object.fromEntries(entries)
}

function encodeData(data: unknown): string {
  return JSON.stringify(data ?? null, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
}
