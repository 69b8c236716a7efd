import { randomUUID } from 'node:crypto'
import { ApiError, invalid } from './failures.ts'
import type { ObjectResource } from './resource.ts'

/** A resumable upload that has begun. Sessions live in memory: after a restart the client begins again. */
export interface UploadSession {
  readonly bucket: string
  readonly name: string
  readonly fields: Readonly<Record<string, unknown>>
  readonly query: URLSearchParams
  received: Buffer
  /** Once the upload is complete: a client that missed the answer asks again. */
  finished: ObjectResource | null
}

export class UploadSessions {
  readonly #sessions = new Map<string, UploadSession>()

  begin(session: Pick<UploadSession, 'bucket' | 'name' | 'fields' | 'query'>): string {
    const id = randomUUID()
    this.#sessions.set(id, { ...session, received: Buffer.alloc(0), finished: null })
    return id
  }

  get(id: string | null): UploadSession {
    const session = this.#sessions.get(id ?? '')
    if (session === undefined) throw new ApiError(404, 'notFound', 'No such upload session.')
    return session
  }

  cancel(id: string | null): void {
    this.get(id)
    this.#sessions.delete(id ?? '')
  }
}

/** Takes a chunk in; true when the upload is complete ("Performing resumable uploads"). */
export function receiveChunk(session: UploadSession, contentRange: string | undefined, body: Buffer): boolean {
  if (contentRange === undefined) {
    session.received = body
    return true
  }
  const match = /^bytes (?:(\d+)-(\d+|\*)|\*)\/(\d+|\*)$/.exec(contentRange)
  if (match === null) throw invalid(`Invalid Content-Range: ${contentRange}`)
  const [, start, end, total] = match
  if (start !== undefined) {
    const skip = session.received.length - Number(start)
    if (skip < 0) throw new ApiError(503, 'backendError', `The upload continues at byte ${session.received.length}.`)
    session.received = Buffer.concat([session.received, body.subarray(skip)])
  }
  if (total === '*' || total === undefined) return start !== undefined && end === '*'
  const size = Number(total)
  if (session.received.length > size) throw invalid(`More than the announced ${size} bytes arrived.`)
  return session.received.length === size
}
