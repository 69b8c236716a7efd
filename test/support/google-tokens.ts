import { createSign, generateKeyPairSync } from 'node:crypto'

const google = generateKeyPairSync('rsa', { modulusLength: 2048 })

/** As Google publishes them, for tokens that `signToken` makes. */
export const googleCertificates = async () => ({
  key1: google.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
})

/** What an identity token of ann@example.org says. */
export function googleClaims(audience: string, changes: Readonly<Record<string, unknown>> = {}) {
  const now = Math.floor(Date.now() / 1000)
  const usual = { iss: 'https://accounts.google.com', aud: audience, sub: '1234', iat: now - 60, exp: now + 3000 }
  return { ...usual, email: 'ann@example.org', email_verified: true, ...changes }
}

export const encodeToken = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Signed by Google, unless another key is given. */
export function signToken(
  payload: unknown,
  key = google.privateKey,
  header: unknown = { alg: 'RS256', kid: 'key1' },
): string {
  const signed = `${encodeToken(header)}.${encodeToken(payload)}`
  return `${signed}.${createSign('RSA-SHA256').update(signed).sign(key, 'base64url')}`
}
