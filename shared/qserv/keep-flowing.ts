import type { IncomingMessage } from 'node:http'
import { QservUnavailableError } from './errors.ts'

export interface FlowOptions {
  /** So much is read ahead of who takes it. */
  readonly aheadBytes?: number
  /** One who takes nothing is read ahead of by this much more … */
  readonly pieceBytes?: number
  /** … each time that so long has passed. */
  readonly everyMs?: number
  /** So much ahead, and the transfer is given up. */
  readonly mostBytes?: number
}

/**
 * The bytes of a body, all of them or an error: its length is checked. A czar cuts a body in good order when its reader
 * takes nothing for some seconds (spec/qserv.md §1.1), so one whose taker is slow is read on all the same, piece by
 * piece: what is held in memory grows with the time that the taker stands still, not with the size of the body.
 *
 * @throws QservUnavailableError
 */
export async function* keepFlowing(
  body: IncomingMessage,
  options: FlowOptions = {},
): AsyncGenerator<Buffer, void, void> {
  const { aheadBytes = 1 << 20, pieceBytes = 1 << 18, everyMs = 2_000, mostBytes = 64 << 20 } = options
  const length = body.headers['content-length'] === undefined ? null : Number(body.headers['content-length'])
  const chunks: Buffer[] = []
  let [received, held, allowed] = [0, 0, aheadBytes]
  let end: { readonly error?: unknown } | undefined
  let wake = () => {}
  const finish = (error?: unknown) => {
    end ??= error === undefined ? {} : { error }
    clearInterval(timer)
    wake()
  }
  const timer = setInterval(() => {
    if (held < allowed || end !== undefined) return
    if (held > mostBytes) return body.destroy(new Error('the result was not taken for too long'))
    allowed = held + pieceBytes
    body.resume()
  }, everyMs)
  timer.unref()
  body.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    received += chunk.length
    held += chunk.length
    if (held >= allowed) body.pause()
    wake()
  })
  body.on('end', () => finish())
  body.on('error', finish)
  body.on('close', () => finish(body.complete ? undefined : new Error('the connection was closed')))
  try {
    for (;;) {
      const chunk = chunks.shift()
      if (chunk !== undefined) {
        held -= chunk.length
        allowed = aheadBytes
        if (held < aheadBytes / 2 && body.isPaused()) body.resume()
        yield chunk
      } else if (end !== undefined) break
      else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
    if (end.error !== undefined || (length !== null && length !== received) || !body.complete) {
      const of = length === null ? '' : ` of ${length}`
      const message = `Qserv's answer broke off after ${received}${of} bytes`
      throw new QservUnavailableError(message, { mayHaveArrived: true, cause: end.error })
    }
  } finally {
    clearInterval(timer)
    if (end === undefined) body.destroy()
  }
}
