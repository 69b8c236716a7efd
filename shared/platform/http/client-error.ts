import { maxHeaderSize } from 'node:http'
import type { Duplex } from 'node:stream'

interface Refusal {
  readonly status: string
  readonly type: string
  readonly msg: string
}

/** By the codes of Node.js. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    type: 'request_head_too_large',
    msg: `The address and the headers of a request have ${maxHeaderSize} bytes at most: send what is longer, such as a long query, in the body of a POST.`,
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: '413 Payload Too Large',
    type: 'chunk_extensions_too_large',
    msg: 'The extensions of a chunk of the body are too large.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    type: 'request_timeout',
    msg: 'The request did not arrive in time.',
  },
}

const UNREADABLE: Refusal = {
  status: '400 Bad Request',
  type: 'not_http',
  msg: 'This is not a request of HTTP/1.1 that can be read.',
}

/** Answers what cannot be read as a request, as our errors are, and closes its connection. */
export function refuseUnreadable(error: Error & { readonly code?: string }, socket: Duplex): void {
  const isAnswered = (socket as Answering)._httpMessage?.headersSent === true
  if (!socket.writable || isAnswered) return void socket.destroy(error)
  const { status, ...detail } = REFUSALS[error.code ?? ''] ?? UNREADABLE
  const body = JSON.stringify({ detail: [detail] })
  const head = [
    `HTTP/1.1 ${status}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}

/** Node.js notes the answer that is under way on a connection. */
interface Answering {
  readonly _httpMessage?: { readonly headersSent: boolean } | null
}
