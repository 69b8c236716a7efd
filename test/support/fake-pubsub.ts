import { onTestFinished, vi } from 'vitest'
import { type LocalPubSub, startPubSub } from '../../local/pubsub/publisher.ts'

export interface PublishedMessage {
  readonly topic: string
  readonly attributes: Readonly<Record<string, string>>
  /** Decoded JSON. */
  readonly data: unknown
  readonly orderingKey?: string
}

export interface FakePubSub extends Pick<LocalPubSub, 'behave'> {
  readonly messages: PublishedMessage[]
}

/** Remembers what the real client publishes during the test, to whatever topic. */
export async function startFakePubSub(): Promise<FakePubSub> {
  const messages: PublishedMessage[] = []
  const { variables, behave, stop } = await startPubSub((topic, { attributes, data, orderingKey = '' }) => {
    const ordered = orderingKey === '' ? {} : { orderingKey }
    messages.push({ topic, attributes, data: JSON.parse(Buffer.from(data).toString()), ...ordered })
    return String(messages.length)
  })
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
  onTestFinished(() => {
    vi.unstubAllEnvs()
    stop()
  })
  return { messages, behave }
}
