import { createHash } from 'node:crypto'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { preferEncoding } from './accept.ts'
import type { ApiRequest, ApiResponse } from './route.ts'

type Encoding = 'identity' | 'br' | 'gzip'

interface Encoded {
  readonly content: Buffer
  /** Strong: the bytes of one encoding (RFC 9110 §8.8.3). */
  readonly etag: string
  /** What a 304 says too. */
  readonly validators: Readonly<Record<string, string>>
  /** What a 200 says. */
  readonly entity: Readonly<Record<string, string>>
}

/** RFC 9110 §5.6.7; other texts that JavaScript reads as a date are not valid here. */
const HTTP_DATE = /^[A-Z][a-z]+, \d\d[ -][A-Z][a-z]{2}[ -]\d{2,4} \d\d:\d\d:\d\d GMT$/

/** Shorter texts would not become shorter. */
const WORTH_BYTES = 512

/**
 * One version of a text that is served again and again. Each encoding is made when it is first asked for, and once: a
 * request costs the comparison of a tag, or a copy to the socket.
 */
export class Representation {
  readonly #contentType: string
  readonly #modified: Date
  /** Whether no other version has the same date: two may come within a second (RFC 9110 §8.8.2.2). */
  readonly #dateTells: boolean
  readonly #identity: Buffer
  readonly #hash: string
  readonly #encoded = new Map<Encoding, Encoded>()

  /**
   * @param modified since when the text is as it is
   * @param before the version before it
   */
  constructor(text: string, contentType: string, modified: Date, before?: Representation) {
    this.#contentType = contentType
    this.#modified = new Date(Math.floor(modified.getTime() / 1000) * 1000)
    this.#dateTells = before === undefined || before.#modified < this.#modified
    this.#identity = Buffer.from(text)
    this.#hash = createHash('sha256').update(this.#identity).digest('base64url').slice(0, 27)
  }

  /** The version of another text: the same one keeps its date. */
  replace(text: string, modified: Date): Representation {
    const same = this.#identity.equals(Buffer.from(text))
    return same ? this : new Representation(text, this.#contentType, modified, this)
  }

  /** 200, or 304 for a caller who has it already (RFC 9110 §13.2.2). */
  answer(headers: ApiRequest['headers'], cacheControl: string): ApiResponse {
    const offered: readonly Encoding[] = this.#identity.length < WORTH_BYTES ? ['identity'] : ['br', 'gzip', 'identity']
    const encoding = preferEncoding(joined(headers['accept-encoding']), offered)
    const { content, etag, validators, entity } = this.#encode(encoding)
    if (this.#isKnown(headers, etag)) {
      return { status: 304, headers: { ...validators, 'cache-control': cacheControl }, body: undefined }
    }
    return { headers: { ...entity, 'cache-control': cacheControl }, body: content }
  }

  #isKnown(headers: ApiRequest['headers'], etag: string): boolean {
    const tags = joined(headers['if-none-match'])
    if (tags !== undefined) return tags.trim() === '*' || tags.match(/"[^"]*"/g)?.includes(etag) === true
    const since = joined(headers['if-modified-since']) ?? ''
    return this.#dateTells && HTTP_DATE.test(since) && Date.parse(since) >= this.#modified.getTime()
  }

  #encode(encoding: Encoding): Encoded {
    const known = this.#encoded.get(encoding)
    if (known !== undefined) return known
    const suffix = encoding === 'identity' ? '' : `-${encoding}`
    const etag = `"${this.#hash}${suffix}"`
    const validators = { etag, 'last-modified': this.#modified.toUTCString(), vary: 'accept-encoding' }
    const coded = encoding === 'identity' ? {} : { 'content-encoding': encoding }
    const entity = { ...validators, ...coded, 'content-type': this.#contentType }
    const encoded = { content: ENCODERS[encoding](this.#identity), etag, validators, entity }
    this.#encoded.set(encoding, encoded)
    return encoded
  }
}

/** Brotli's highest quality takes ten times as long for one per cent. */
const ENCODERS: Readonly<Record<Encoding, (content: Buffer) => Buffer>> = {
  identity: (content) => content,
  gzip: (content) => gzipSync(content, { level: 9 }),
  br: (content) => brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
}

function joined(header: string | readonly string[] | undefined): string | undefined {
  return header === undefined ? undefined : [header].flat().join(', ')
}
