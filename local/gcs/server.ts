import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Context } from './context.ts'
import type { ObjectEventListener } from './events.ts'
import { errorReply, type GcsRequest, type Reply, send } from './exchange.ts'
import { ApiError } from './failures.ts'
import { dispatch } from './routes.ts'
import { checkSignature } from './signed-urls.ts'
import type { ObjectStore } from './store.ts'
import { UploadSessions } from './upload-sessions.ts'

export interface GcsOptions {
  readonly store: ObjectStore
  /** Made at the start where they are not there yet. */
  readonly buckets?: readonly string[]
  /** 0 or none: a free one. */
  readonly port?: number
  /** Hears of every change of an object, before the change is answered. */
  readonly onEvent?: ObjectEventListener
  /** Stands between the API and the wire; for tests that play faults. */
  readonly intercept?: Interceptor
}

/** Answers a request; null: it has dealt with the response itself. */
export type Interceptor = (
  request: GcsRequest,
  answer: () => Promise<Reply>,
  response: ServerResponse,
) => Promise<Reply | null>

export interface LocalGcs {
  /** For the `apiEndpoint` of the storage client. */
  readonly endpoint: string
  stop(): Promise<void>
}

/** Bodies of uploads are held in memory. */
const BODY_LIMIT = 512 * 1024 * 1024

/**
 * Serves the part of the Cloud Storage JSON API that `@google-cloud/storage` needs for objects, on 127.0.0.1 only and
 * without asking who calls.
 */
export async function startGcs(options: GcsOptions): Promise<LocalGcs> {
  const { store, onEvent = () => {}, intercept = (_request, answer) => answer() } = options
  for (const bucket of options.buckets ?? []) if (store.settings(bucket) === undefined) await store.createBucket(bucket)
  const sessions = new UploadSessions()
  const exclusively = createQueue()
  let endpoint = ''

  const answerRequest = async (request: GcsRequest): Promise<Reply> => {
    const context: Context = { store, sessions, notify: onEvent, endpoint }
    return exclusively(() => dispatch(context, request)).catch(errorReply)
  }
  const serve = async (incoming: IncomingMessage, response: ServerResponse) => {
    const request = await receive(incoming).catch((error: unknown) => errorReply(error))
    if ('status' in request) return send(response, request)
    const reply = await intercept(request, () => answerRequest(request), response)
    if (reply !== null) send(response, reply)
  }
  const server = createServer((incoming, response) => {
    serve(incoming, response).catch((error: Error) => response.destroy(error))
  })
  await new Promise<void>((ready, fail) => {
    server.once('error', fail).listen(options.port ?? 0, '127.0.0.1', ready)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the system gave no port')
  endpoint = `http://127.0.0.1:${address.port}`
  const stop = () =>
    new Promise<void>((done) => {
      server.close(() => done())
      server.closeAllConnections()
    })
  return { endpoint, stop }
}

async function receive(incoming: IncomingMessage): Promise<GcsRequest> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of incoming) {
    length += chunk.length
    if (length > BODY_LIMIT) throw new ApiError(413, 'uploadTooLarge', 'The stand-in takes up to 512 MiB.')
    chunks.push(chunk)
  }
  const url = locatePublicObject(incoming) ?? new URL(incoming.url ?? '/', 'http://localhost')
  // With STORAGE_EMULATOR_HOST the client leaves the prefix `/storage/v1` out; clients in Python download elsewhere.
  const [, upload, path = '/'] = /^(?:\/download|(\/upload))?(?:\/storage\/v1)?(\/.*)$/.exec(url.pathname) ?? []
  return {
    method: incoming.method ?? 'GET',
    kind: upload === undefined ? 'api' : 'upload',
    path,
    query: url.searchParams,
    headers: incoming.headers,
    body: Buffer.concat(chunks),
  }
}

/**
 * `GET /bucket/object`, as everybody downloads from storage.googleapis.com, is the same as the API's `alt=media`. An
 * address that is signed must be signed right.
 */
function locatePublicObject({ method, url = '/', headers }: IncomingMessage): URL | null {
  const [, bucket, object] = /^\/(?!b\/|storage\/v1\/|upload\/|download\/)([^/?]+)\/([^?]+)/.exec(url) ?? []
  if (method !== 'GET' || bucket === undefined || object === undefined) return null
  const asked = new URL(url, 'http://localhost')
  if (asked.searchParams.has('X-Goog-Signature')) checkSignature(method, asked, headers.host ?? '')
  const located = new URL(`/b/${bucket}/o/${object.replaceAll('/', '%2F')}?alt=media`, 'http://localhost')
  const generation = asked.searchParams.get('generation')
  if (generation !== null) located.searchParams.set('generation', generation)
  return located
}

/** Runs what it is given one after another: a precondition must still hold when the write happens. */
function createQueue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const run = last.then(work)
    last = run.catch(() => {})
    return run
  }
}
