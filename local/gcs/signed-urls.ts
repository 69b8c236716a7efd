import { createHash, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'
import type { Operation } from './context.ts'
import { json, parseJsonObject } from './exchange.ts'
import { ApiError, invalid } from './failures.ts'

/** Every stand-in of the process signs and checks with one pair, which is made when it is first needed. */
let pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } | undefined

function keys(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  pair ??= generateKeyPairSync('rsa', { modulusLength: 2048 })
  return pair
}

/** IAM's `projects.serviceAccounts.signBlob`, for whatever account. */
export const signBlob: Operation = (_context, { body }) => {
  const { payload } = parseJsonObject(body)
  if (typeof payload !== 'string') throw invalid('payload is missing')
  const signature = sign('sha256', Buffer.from(payload, 'base64'), keys().privateKey)
  return json({ keyId: '1', signedBlob: signature.toString('base64') })
}

/**
 * Checks an address that claims to be signed ("V4 signing process with Cloud Storage tools"): its signature, and that its
 * time is not over.
 *
 * @throws ApiError 400 for one that has expired, 403 for one that was not signed like that
 */
export function checkSignature(method: string, url: URL, host: string): void {
  const query = url.searchParams
  const [credential = '', date = '', seconds = '', signature = ''] = ['Credential', 'Date', 'Expires', 'Signature'].map(
    (name) => query.get(`X-Goog-${name}`) ?? '',
  )
  const scope = credential.split('/').slice(1).join('/')
  const parameters = [...query]
    .filter(([name]) => name !== 'X-Goog-Signature')
    .map((pair) => pair.map(percentEncode).join('='))
    .sort()
    .join('&')
  // The client signs the name of the host without its port.
  const signedHost = host.replace(/:\d+$/, '')
  const request = [method, url.pathname, parameters, `host:${signedHost}\n`, 'host', 'UNSIGNED-PAYLOAD'].join('\n')
  const digest = createHash('sha256').update(request).digest('hex')
  const signed = Buffer.from(['GOOG4-RSA-SHA256', date, scope, digest].join('\n'))
  if (!verify('sha256', signed, keys().publicKey, Buffer.from(signature, 'hex'))) {
    throw new ApiError(403, 'SignatureDoesNotMatch', 'Access denied.')
  }
  const from = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (!(Date.now() < from + Number(seconds) * 1000)) throw new ApiError(400, 'ExpiredToken', 'Invalid argument.')
}

function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}
