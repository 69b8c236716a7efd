import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { preferEncoding } from '../../shared/platform/http/accept.ts'
import type { ApiRequest, ApiResponse } from '../../shared/platform/http/route.ts'

const gzipText = promisify(gzip)

/** Shorter texts would not become shorter. */
const WORTH_BYTES = 512

const CONTENT_TYPE = 'text/xml; charset=utf-8'

/** Kept by caches, but only used after they have asked whether it is still so. */
const CACHE = { 'cache-control': 'no-cache', vary: 'accept-encoding' }

/** Sends an answer of OAI-PMH, or 304 to who has one that differs in nothing but its date. */
export async function sendOai(text: string, headers: ApiRequest['headers']): Promise<ApiResponse> {
  const isShort = text.length < WORTH_BYTES
  const encoding = isShort ? 'identity' : preferEncoding(joined(headers['accept-encoding']), ['gzip', 'identity'])
  const etag = tagOf(text, encoding)
  if (isKnown(headers['if-none-match'], etag)) return { status: 304, headers: { ...CACHE, etag }, body: undefined }
  const coded = encoding === 'identity' ? {} : { 'content-encoding': encoding }
  const content = Buffer.from(text)
  return {
    headers: { ...CACHE, ...coded, etag, 'content-type': CONTENT_TYPE },
    body: encoding === 'identity' ? content : await gzipText(content),
  }
}

/** Weak: two answers with the same tag may have other dates. */
function tagOf(text: string, encoding: string): string {
  const undated = text.replace(/<responseDate>[^<]*<\/responseDate>/, '')
  const hash = createHash('sha256').update(undated).digest('base64url').slice(0, 27)
  return `W/"${hash}${encoding === 'identity' ? '' : `-${encoding}`}"`
}

function isKnown(given: ApiRequest['headers'][string], etag: string): boolean {
  const tags = joined(given)
  if (tags === undefined) return false
  // Compared weakly (RFC 9110 §13.1.2).
  return tags.trim() === '*' || tags.match(/"[^"]*"/g)?.includes(etag.slice('W/'.length)) === true
}

function joined(header: ApiRequest['headers'][string]): string | undefined {
  return header === undefined ? undefined : [header].flat().join(', ')
}
