import type { ServerResponse } from 'node:http'

/** A body that is sent as it comes. */
export type ByteStream = AsyncIterable<Uint8Array>

export function isStream(body: unknown): body is ByteStream {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body
}

/** How much is collected before a length that is not known yet is given up. */
const SHORT_BYTES = 64 * 1024

/** What is said around the bytes. */
export interface Ends {
  /** Sets status and headers; called before the first byte, and not at all when there is none because of an error. */
  open(isWhole: boolean): void
  /** Called behind the last byte of a body that was not sent as a whole. */
  end(): void
}

/**
 * Sends what an iterator gives, as fast as the client takes it. A client that goes away ends it: `return` is called at
 * once, whatever the iterator waits for. What comes at once and is short is sent in one piece, with its length.
 *
 * @returns whether all of it was sent
 * @throws what the iterator throws; after the first byte the connection has to be broken, or the client takes a part for
 *   the whole
 */
export async function pour(response: ServerResponse, body: ByteStream, ends: Ends): Promise<boolean> {
  const chunks = body[Symbol.asyncIterator]()
  const stop = () => void Promise.resolve(chunks.return?.()).catch(ignore)
  if (response.req.method === 'HEAD' && !response.destroyed) {
    stop()
    ends.open(false)
    response.end()
    return true
  }
  let wake = ignore
  const leave = () => {
    stop()
    wake()
  }
  response.once('close', leave)
  try {
    if (response.destroyed) stop()
    return await pass(chunks, response, ends, (done) => {
      wake = done
    })
  } catch (error) {
    if (response.destroyed) return false
    stop()
    throw error
  } finally {
    response.off('close', leave)
  }
}

/** @param onGone takes what is to be called when the client goes away */
async function pass(
  chunks: AsyncIterator<Uint8Array>,
  response: ServerResponse,
  ends: Ends,
  onGone: (wake: () => void) => void,
): Promise<boolean> {
  const { held, next } = await collect(chunks)
  // The framework answers itself when the process is told to stop.
  if (response.destroyed || response.headersSent) return false
  ends.open(next === null)
  if (next === null) {
    response.setHeader('content-length', held.length)
    response.end(held)
    return true
  }
  response.write(held)
  for (let result = await next; result.done !== true; result = await chunks.next()) {
    if (response.destroyed) return false
    if (!response.write(result.value)) await drained(response, onGone)
  }
  if (response.destroyed) return false
  ends.end()
  response.end()
  return true
}

/** Waits until the client has taken what was written, or is gone. */
function drained(response: ServerResponse, onGone: (wake: () => void) => void): Promise<void> {
  return new Promise((done) => {
    const go = () => {
      response.off('drain', go)
      done()
    }
    response.once('drain', go)
    onGone(go)
  })
}

interface Collected {
  readonly held: Buffer
  /** null: that was all. */
  readonly next: Promise<IteratorResult<Uint8Array>> | null
}

/** The first chunk, and what follows without waiting for anything outside of this process, as long as it is short. */
async function collect(chunks: AsyncIterator<Uint8Array>): Promise<Collected> {
  const parts: Uint8Array[] = []
  let bytes = 0
  let result = await chunks.next()
  const turn = new Promise<null>((done) => setImmediate(done, null))
  while (result.done !== true) {
    parts.push(result.value)
    bytes += result.value.length
    const next = chunks.next()
    // The caller that awaits it gets the error; until then it must not end the process.
    next.catch(ignore)
    const won = bytes > SHORT_BYTES ? null : await Promise.race([next, turn])
    if (won === null) return { held: Buffer.concat(parts), next }
    result = won
  }
  return { held: Buffer.concat(parts), next: null }
}

function ignore(): void {}
