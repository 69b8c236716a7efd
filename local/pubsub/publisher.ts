import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import {
  type GrpcObject,
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServiceClientConstructor,
  status,
} from '@grpc/grpc-js'
import { fromJSON } from '@grpc/proto-loader'
import { lazily } from '../../shared/lazily.ts'
import type { PushedMessage } from './push.ts'

/** Takes a message of a topic, `projects/P/topics/T`. @returns its id; null: there is no such topic */
export type TakeMessage = (topic: string, message: PushedMessage) => string | null

/** Whether publications are answered, refused with this gRPC status, or left without an answer. */
export type PublisherBehaviour = 'answer' | 'silent' | { readonly status: number }

export interface LocalPubSub {
  /** Environment variables with which the real client publishes here. */
  readonly variables: Readonly<Record<string, string>>
  /** Every publication from now on. */
  behave(how: PublisherBehaviour): void
  stop(): void
}

interface PublishCall {
  readonly request: { readonly topic: string; readonly messages: readonly PushedMessage[] }
}

type Answer = (error: { readonly code: number; readonly details: string } | null, response?: object) => void

/** The publishing half of Pub/Sub over gRPC, for the real client. */
export async function startPubSub(take: TakeMessage): Promise<LocalPubSub> {
  let behaviour: PublisherBehaviour = 'answer'
  const publish = ({ request: { topic, messages } }: PublishCall, answer: Answer) => {
    if (behaviour === 'silent') return
    if (behaviour !== 'answer') return answer({ code: behaviour.status, details: 'injected' })
    const messageIds = messages.map((message) => take(topic, message))
    if (messageIds.includes(null)) answer({ code: status.NOT_FOUND, details: `there is no topic ${topic}` })
    else answer(null, { messageIds })
  }
  const server = new Server()
  server.addService((await publisherService()).service, { publish })
  const port = await new Promise<number>((done, fail) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? done(bound) : fail(error),
    )
  })
  return {
    variables: {
      PUBSUB_EMULATOR_HOST: `127.0.0.1:${port}`,
      // The client looks for credentials although the stand-in wants none.
      METADATA_SERVER_DETECTION: 'none',
    },
    behave: (how) => {
      behaviour = how
    },
    stop: () => server.forceShutdown(),
  }
}

/** `google.pubsub.v1.Publisher`, from the definitions that come with the client. */
const publisherService = lazily(async (): Promise<ServiceClientConstructor> => {
  const main = createRequire(import.meta.url).resolve('@google-cloud/pubsub')
  const definitions = JSON.parse(await readFile(join(dirname(main), '../protos/protos.json'), 'utf8'))
  let node: GrpcObject = loadPackageDefinition(fromJSON(definitions, { defaults: true }))
  for (const name of ['google', 'pubsub', 'v1']) node = node[name] as GrpcObject
  return node.Publisher as ServiceClientConstructor
})
