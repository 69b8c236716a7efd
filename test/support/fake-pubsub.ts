import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import {
  type GrpcObject,
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServiceClientConstructor,
} from '@grpc/grpc-js'
import { fromJSON } from '@grpc/proto-loader'
import { onTestFinished, vi } from 'vitest'

export interface PublishedMessage {
  readonly topic: string
  readonly attributes: Readonly<Record<string, string>>
  /** Decoded JSON. */
  readonly data: unknown
}

export interface FakePubSub {
  readonly messages: PublishedMessage[]
  /** Every publication from now on: answered, refused with this gRPC status, or left without an answer. */
  behave(how: 'answer' | 'silent' | { readonly status: number }): void
}

interface PublishRequest {
  readonly topic: string
  readonly messages: readonly { readonly data: Buffer; readonly attributes: Readonly<Record<string, string>> }[]
}

/** The publishing half of Pub/Sub over gRPC, for the real client; PUBSUB_EMULATOR_HOST points at it during the test. */
export async function startFakePubSub(): Promise<FakePubSub> {
  const messages: PublishedMessage[] = []
  let behaviour: Parameters<FakePubSub['behave']>[0] = 'answer'
  const server = new Server()
  server.addService((await publisherService()).service, {
    publish: (
      call: { readonly request: PublishRequest },
      answer: (error: object | null, response?: object) => void,
    ) => {
      if (behaviour === 'silent') return
      if (behaviour !== 'answer') return answer({ code: behaviour.status, details: 'injected' })
      const { topic } = call.request
      for (const { attributes, data } of call.request.messages) {
        messages.push({ topic, attributes, data: JSON.parse(data.toString()) })
      }
      answer(null, { messageIds: call.request.messages.map((_, index) => String(messages.length + index)) })
    },
  })
  const port = await new Promise<number>((done, fail) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? done(bound) : fail(error),
    )
  })
  vi.stubEnv('PUBSUB_EMULATOR_HOST', `127.0.0.1:${port}`)
  // The client looks for credentials although the stand-in wants none.
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none')
  vi.stubEnv('GOOGLE_CLOUD_PROJECT', 'demo')
  onTestFinished(() => {
    vi.unstubAllEnvs()
    server.forceShutdown()
  })
  return {
    messages,
    behave: (how) => {
      behaviour = how
    },
  }
}

/** `google.pubsub.v1.Publisher`, from the definitions that come with the client. */
async function publisherService(): Promise<ServiceClientConstructor> {
  const main = createRequire(import.meta.url).resolve('@google-cloud/pubsub')
  const definitions = JSON.parse(await readFile(join(dirname(main), '../protos/protos.json'), 'utf8'))
  let node: GrpcObject = loadPackageDefinition(fromJSON(definitions, { defaults: true }))
  for (const name of ['google', 'pubsub', 'v1']) node = node[name] as GrpcObject
  return node.Publisher as ServiceClientConstructor
}
