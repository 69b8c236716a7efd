import type { ServerResponse } from 'node:http'
import type { Fault } from './faults.ts'
import type { Body } from './result-json.ts'

export interface SendOptions {
  readonly fault: Fault | undefined
  /** A client that takes nothing for so long finds its body cut, in good order. */
  readonly stallMs: number
}

/** Sends a body with its length, with whatever goes wrong on the way. */
export async function sendBody(response: ServerResponse, body: Body, { fault, stallMs }: SendOptions): Promise<void> {
  const { length, chunks, contentType } =
    fault?.kind === 'body'
      ? {
          length: Buffer.byteLength(fault.body),
          chunks: [Buffer.from(fault.body)],
          contentType: fault.contentType ?? 'application/json',
        }
      : { ...body, contentType: 'application/json' }
  if (fault?.kind === 'slow-head') await pause(fault.ms)
  if (fault?.kind === 'hold') await fault.until
  response.writeHead(200, { 'content-type': contentType, 'content-length': length })
  const cut = fault?.kind === 'reset-body' || fault?.kind === 'truncate' ? fault.bytes : Number.POSITIVE_INFINITY
  let sent = 0
  for (const chunk of chunks) {
    for (const piece of pieces(chunk, fault)) {
      const part = piece.subarray(0, Math.max(0, cut - sent))
      sent += part.length
      if (part.length > 0 && !response.write(part) && !(await drained(response, stallMs))) {
        return void response.socket?.end()
      }
      if (response.destroyed) return
      if (sent >= cut) return end(response, fault)
      if (fault?.kind === 'drip') await pause(fault.ms)
    }
  }
  response.end()
}

function pieces(chunk: Buffer, fault: Fault | undefined): readonly Buffer[] {
  if (fault?.kind !== 'drip') return [chunk]
  const count = Math.ceil(chunk.length / fault.bytes)
  return Array.from({ length: count }, (_, index) => chunk.subarray(index * fault.bytes, (index + 1) * fault.bytes))
}

async function end(response: ServerResponse, fault: Fault | undefined): Promise<void> {
  const { socket } = response
  if (socket === null) return
  // What was written has to be on its way first.
  await pause(20)
  if (fault?.kind === 'reset-body') socket.resetAndDestroy()
  else socket.end()
}

/** False: it took too long. */
function drained(response: ServerResponse, stallMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (value: boolean) => {
      clearTimeout(timer)
      response.off('drain', onDrain).off('close', onDrain)
      resolve(value)
    }
    const onDrain = () => settle(true)
    const timer = setTimeout(() => settle(false), stallMs)
    response.once('drain', onDrain).once('close', onDrain)
  })
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, milliseconds)
  })
}
