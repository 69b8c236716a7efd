/** One message from a client (PostgreSQL documentation, "Message Formats"). */
export interface ClientMessage {
  readonly bytes: Buffer
  /** `startup`, `cancel`, or the letter of its type. */
  readonly type: string
  /** SQL that is run or prepared with it. */
  readonly statement: string | null
}

/** Cuts what a client sends into messages. */
export class MessageReader {
  #rest: Buffer = Buffer.alloc(0)
  #started = false

  read(chunk: Buffer): readonly ClientMessage[] {
    this.#rest = Buffer.concat([this.#rest, chunk])
    const messages: ClientMessage[] = []
    for (;;) {
      // Only the first message has no letter in front of its length.
      const head = this.#started ? 1 : 0
      if (this.#rest.length < head + 4) return messages
      const end = head + this.#rest.readUInt32BE(head)
      if (this.#rest.length < end) return messages
      const bytes = this.#rest.subarray(0, end)
      const type = this.#started ? String.fromCharCode(bytes.readUInt8(0)) : typeOfFirst(bytes)
      messages.push({ bytes, type, statement: readStatement(type, bytes) })
      this.#rest = this.#rest.subarray(end)
      this.#started = true
    }
  }
}

/** CancelRequest has a number where others have the version of the protocol. */
function typeOfFirst(bytes: Buffer): string {
  return bytes.length === 16 && bytes.readUInt32BE(4) === 80877102 ? 'cancel' : 'startup'
}

/** Query, and Parse with the name of the prepared statement in front. */
function readStatement(type: string, bytes: Buffer): string | null {
  if (type !== 'Q' && type !== 'P') return null
  const [first = '', second = ''] = bytes.toString('utf8', 5).split('\0')
  return type === 'Q' ? first : second
}

/** StartupMessage: protocol version, then pairs of texts. */
export function readStartup(bytes: Buffer): ReadonlyMap<string, string> {
  const texts = bytes.toString('utf8', 8).split('\0')
  const parameters = new Map<string, string>()
  for (let index = 0; index + 1 < texts.length; index += 2) parameters.set(texts[index] ?? '', texts[index + 1] ?? '')
  return parameters
}

/** ErrorResponse */
export function errorResponse(sqlState: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${sqlState}\0M${message}\0\0`)
  const head = Buffer.from('E\0\0\0\0')
  head.writeInt32BE(fields.length + 4, 1)
  return Buffer.concat([head, fields])
}
