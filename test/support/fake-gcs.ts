import type { ServerResponse } from 'node:http'
import { onTestFinished } from 'vitest'
import type { ObjectEvent } from '../../local/gcs/events.ts'
import { errorReply, json, type Reply } from '../../local/gcs/exchange.ts'
import { ApiError } from '../../local/gcs/failures.ts'
import { MemoryStore } from '../../local/gcs/memory-store.ts'
import { describeObject, type ObjectResource } from '../../local/gcs/resource.ts'
import { type LocalGcs, startGcs } from '../../local/gcs/server.ts'
import type { ObjectStore } from '../../local/gcs/store.ts'

/** What goes wrong with a request. */
export type Mishap =
  | { readonly kind: 'status'; readonly status: number; readonly message?: string }
  /** The connection breaks before anything is done. */
  | { readonly kind: 'reset' }
  /** The operation is done, but the connection breaks instead of an answer. */
  | { readonly kind: 'lost-answer' }
  /** The connection breaks after this many bytes of the body. */
  | { readonly kind: 'cut'; readonly bytes: number }
  /** The answer is complete, for HTTP, with only this many bytes of the body. */
  | { readonly kind: 'truncate'; readonly bytes: number }
  /** Something between us and the store answers 200 with a text of its own. */
  | { readonly kind: 'body'; readonly text: string }
  /** One bit of the body is another. */
  | { readonly kind: 'corrupt' }
  /** This many bytes of the body come, then nothing more; null: not even the headers. */
  | { readonly kind: 'stall'; readonly bytes: number | null }
  /** A listing ends after so few entries, none even, and says that there are more. */
  | { readonly kind: 'short-page'; readonly entries: number }
  /** The listing answers with a page of the test's own. */
  | { readonly kind: 'page'; readonly page: () => object }
  /** Something happens first. */
  | { readonly kind: 'meanwhile'; readonly run: () => Promise<unknown> }

export type Fault = Mishap & {
  /** Against `GET /b/releases/o/main%2Fschemas.tar.gz?alt=media&generation=…`; everything unless given. */
  readonly match?: RegExp
  /** Once unless given. */
  readonly times?: number
}

export interface FakeGcs {
  readonly endpoint: string
  readonly store: ObjectStore
  /** `GET /b/releases/o/…?…`, in the order of arrival. */
  readonly requests: string[]
  readonly events: ObjectEvent[]
  inject(fault: Fault): void
  /** Puts an object there, as an upload would. */
  put(bucket: string, name: string, content: string | Uint8Array, fields?: object): Promise<ObjectResource>
  /** Puts many empty objects there at once, without HTTP. */
  fill(bucket: string, names: readonly string[]): Promise<void>
  stop(): Promise<void>
}

export interface FakeGcsOptions {
  readonly buckets?: readonly string[]
  readonly store?: ObjectStore
  readonly onEvent?: (event: ObjectEvent) => void
  /** Stopping is up to the caller: for servers that are made in `beforeAll`. */
  readonly keep?: boolean
}

/** The local stand-in for Cloud Storage, in memory, with faults on demand; it stops when the test has finished. */
export async function startFakeGcs(options: FakeGcsOptions = {}): Promise<FakeGcs> {
  const store = options.store ?? new MemoryStore()
  const requests: string[] = []
  const events: ObjectEvent[] = []
  const faults: { fault: Fault; left: number }[] = []
  const gcs: LocalGcs = await startGcs({
    store,
    buckets: options.buckets ?? ['releases'],
    onEvent: (event) => {
      events.push(event)
      options.onEvent?.(event)
    },
    intercept: async (request, answer, response) => {
      const line = `${request.method} ${request.path}?${request.query}`
      requests.push(line)
      const due = faults.find(({ fault, left }) => left > 0 && (fault.match?.test(line) ?? true))
      if (due === undefined) return answer()
      due.left--
      return play(due.fault, answer, response)
    },
  })
  if (options.keep !== true) onTestFinished(gcs.stop)
  return {
    endpoint: gcs.endpoint,
    store,
    requests,
    events,
    inject: (fault) => void faults.push({ fault, left: fault.times ?? 1 }),
    put: (bucket, name, content, fields = {}) => upload(gcs.endpoint, bucket, name, content, fields),
    fill: async (bucket, names) => {
      const nothing = Buffer.alloc(0)
      for (const name of names) {
        await store.put(describeObject(bucket, name, await store.nextGeneration(), nothing, {}), nothing)
      }
    },
    stop: gcs.stop,
  }
}

async function play(fault: Fault, answer: () => Promise<Reply>, response: ServerResponse): Promise<Reply | null> {
  switch (fault.kind) {
    case 'status':
      return errorReply(new ApiError(fault.status, 'backendError', fault.message ?? 'injected'))
    case 'reset':
      response.destroy()
      return null
    case 'lost-answer':
      await answer()
      response.destroy()
      return null
    case 'meanwhile':
      await fault.run()
      return answer()
    case 'corrupt': {
      const reply = await answer()
      const body = Buffer.from(reply.body)
      body[0] = body[0]! ^ 1
      return { ...reply, body }
    }
    case 'body':
      return { status: 200, headers: { 'content-type': 'text/html' }, body: Buffer.from(fault.text) }
    case 'truncate': {
      const reply = await answer()
      return { ...reply, body: reply.body.subarray(0, fault.bytes) }
    }
    case 'page':
      return json(fault.page())
    case 'short-page': {
      const reply = await answer()
      const page = JSON.parse(reply.body.toString())
      const items = (page.items ?? []).slice(0, fault.entries)
      // A token of the stand-in is the last name; no name comes before this one.
      const nextPageToken = Buffer.from(items.at(-1)?.name ?? '\0').toString('base64url')
      return json({ ...page, nextPageToken, items })
    }
    case 'cut':
    case 'stall': {
      if (fault.bytes === null) return null
      const { status, headers, body } = await answer()
      response.writeHead(status, { ...headers, 'content-length': String(body.length) })
      response.write(body.subarray(0, fault.bytes), () => {
        if (fault.kind === 'cut') response.destroy()
      })
      return null
    }
  }
}

async function upload(
  endpoint: string,
  bucket: string,
  name: string,
  content: string | Uint8Array,
  fields: object,
): Promise<ObjectResource> {
  const boundary = 'fake-gcs-boundary'
  const head = `--${boundary}\r\ncontent-type: application/json\r\n\r\n${JSON.stringify({ name, ...fields })}\r\n`
  const body = Buffer.concat([
    Buffer.from(`${head}--${boundary}\r\ncontent-type: application/octet-stream\r\n\r\n`),
    Buffer.from(content),
    Buffer.from(`\r\n--${boundary}--`),
  ])
  const answer = await fetch(`${endpoint}/upload/storage/v1/b/${bucket}/o?uploadType=multipart`, {
    method: 'POST',
    headers: { 'content-type': `multipart/related; boundary=${boundary}` },
    body,
  })
  if (!answer.ok) throw new Error(await answer.text())
  return (await answer.json()) as ObjectResource
}
