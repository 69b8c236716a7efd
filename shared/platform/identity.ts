import { Failure } from '../failure.ts'
import { lazily } from '../lazily.ts'
import { withDeadline } from './deadline.ts'
import { HttpError } from './http/errors.ts'
import type { TokenInfo } from './token-info.ts'

/** Who sent a request, as far as it is proven. */
export interface Caller {
  /** null: not known, or not verified. */
  readonly email: string | null
  readonly verified: boolean
  /** How the caller is named in history, events and logs. Never a name that only an unverified token claims. */
  readonly actor: string
  /** What is known of a user of the data centre. */
  readonly user?: TokenInfo
}

export const ANONYMOUS: Caller = { email: null, verified: false, actor: 'unauthenticated' }

/** As `IncomingMessage.headersDistinct`: a header that was sent twice has two values. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

export interface IdentityOptions {
  /** The audiences that a token may be for; empty: any. */
  readonly audience: readonly string[]
  /** Whether the platform in front verifies tokens. Only true for a service that `allUsers` may not invoke. */
  readonly trustPlatform: boolean
  /** Whether only a verified caller may change something; by default, of what is deployed (`isDeployed`). */
  readonly requireCaller?: boolean
}

/**
 * Finds out who sent a request.
 *
 * @param request `changes`: whether it is to change something
 */
export interface Identify {
  (headers: RequestHeaders, request?: { readonly changes: boolean }): Promise<Caller>
  /** Whether only a verified caller may change something, for descriptions. */
  readonly requiresCaller?: boolean
}

/** Where the rest of the world comes in, for tests. */
export interface IdentitySources {
  /** Google's signing certificates, PEM by key id. */
  readonly certificates?: () => Promise<Record<string, string>>
  readonly environment?: Readonly<Record<string, string | undefined>>
}

/** Google's certificates are not to be had: nothing can be said about the token now. */
export class CertificatesError extends Failure {
  constructor(cause: unknown) {
    super('unavailable', 'certificates', "Google's certificates for identity tokens could not be fetched: try again", {
      cause,
    })
  }
}

const ISSUERS = ['https://accounts.google.com', 'accounts.google.com']

/** What Cloud Run puts in the place of a signature that it has verified. */
const REMOVED_SIGNATURE = 'SIGNATURE_REMOVED_BY_GOOGLE'

const CLOCK_SKEW_SECONDS = 300

/** How long a request waits for Google's certificates. */
const CERTIFICATES_MS = 10_000

/** Whether this is a service of Cloud Run (its container contract sets the variable), and not somebody's machine. */
function isDeployed(environment: IdentitySources['environment'] = process.env): boolean {
  return (environment.K_SERVICE ?? '') !== ''
}

/**
 * Finds the caller in the identity token of a request. No token: `ANONYMOUS`, who may not change anything where a caller
 * is required.
 *
 * @throws HttpError 401 (by the returned function) for a token that is missing or does not hold, with the reason;
 *   CertificatesError when it cannot be verified now
 */
export function createIdentity(options: IdentityOptions, sources: IdentitySources = {}): Identify {
  const deployed = isDeployed(sources.environment)
  const onPlatform = options.trustPlatform && deployed
  const requiresCaller = options.requireCaller ?? deployed
  const verify = createVerifier(options.audience, sources.certificates)
  const identify: Identify = async (headers, { changes } = { changes: false }) => {
    const required = changes && requiresCaller
    const token = readToken(headers)
    if (token === undefined) {
      if (required) throw callerRequired()
      return ANONYMOUS
    }
    const claims = readClaims(token)
    const removed = token.endsWith(`.${REMOVED_SIGNATURE}`)
    if (!removed) await verify(token)
    else if (!onPlatform) throw unauthorised('its signature was removed, and this service does not trust a platform')
    checkClaims(claims, options.audience)
    const caller = describeCaller(claims)
    if (required && caller.actor === ANONYMOUS.actor) throw unauthorised('it names nobody')
    return caller
  }
  return Object.assign(identify, { requiresCaller })
}

/**
 * Cloud Run looks at X-Serverless-Authorization alone where both are sent, and passes Authorization on unseen: that
 * one must then not be believed, whatever it looks like.
 */
function readToken(headers: RequestHeaders): string | undefined {
  const header = ['x-serverless-authorization', 'authorization'].find((name) => headers[name] !== undefined)
  if (header === undefined) return undefined
  const values = [headers[header] ?? []].flat()
  if (values.length !== 1) throw unauthorised(`${header} is given ${values.length} times`)
  const token = /^bearer +([\w-]+\.[\w-]+\.[\w-]+) *$/i.exec(values[0] ?? '')?.[1]
  if (token === undefined) throw unauthorised(`${header} does not hold "Bearer" and an identity token`)
  return token
}

interface Claims {
  readonly iss?: unknown
  readonly aud?: unknown
  readonly exp?: unknown
  readonly iat?: unknown
  readonly sub?: unknown
  readonly email?: unknown
  readonly email_verified?: unknown
}

function readClaims(token: string): Claims {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(token.split('.')[1] ?? '', 'base64url'))
    const claims: unknown = JSON.parse(text)
    if (typeof claims === 'object' && claims !== null && !Array.isArray(claims)) return claims
  } catch {
    // Said below, for everything that is not a JSON object.
  }
  throw unauthorised('it is not an identity token')
}

interface ClaimRule {
  readonly holds: (claims: Claims, audience: readonly string[], now: number) => boolean
  readonly otherwise: string
}

/** Checked for every token, so that the platform and the library are asked for the same. */
const CLAIM_RULES: readonly ClaimRule[] = [
  { holds: ({ iss }) => ISSUERS.includes(String(iss)), otherwise: 'it was not issued by Google' },
  {
    holds: ({ exp }, _, now) => typeof exp === 'number' && now <= exp + CLOCK_SKEW_SECONDS,
    otherwise: 'it has expired',
  },
  {
    holds: ({ iat }, _, now) => typeof iat === 'number' && now >= iat - CLOCK_SKEW_SECONDS,
    otherwise: 'it is not valid yet',
  },
  {
    holds: ({ aud }, audience) => audience.length === 0 || (typeof aud === 'string' && audience.includes(aud)),
    otherwise: 'it is for another audience',
  },
  {
    holds: ({ email, email_verified }) => email === undefined || (isEmail(email) && email_verified === true),
    otherwise: 'its e-mail address is not verified',
  },
]

function checkClaims(claims: Claims, audience: readonly string[]): void {
  const now = Date.now() / 1000
  const broken = CLAIM_RULES.find((rule) => !rule.holds(claims, audience, now))
  if (broken !== undefined) throw unauthorised(broken.otherwise)
}

function isEmail(value: unknown): value is string {
  return typeof value === 'string' && /^[^\s\p{Cc}]{1,320}$/u.test(value)
}

/** A token of the metadata server holds no e-mail address unless it was asked for with `format=full`. */
function describeCaller({ email, sub }: Claims): Caller {
  if (isEmail(email)) return { email, verified: true, actor: email }
  return {
    email: null,
    verified: true,
    actor: typeof sub === 'string' && isEmail(sub) ? `subject ${sub}` : ANONYMOUS.actor,
  }
}

function createVerifier(audience: readonly string[], given: IdentitySources['certificates']) {
  // The library costs some 90 ms to import; most functions are never sent a token that they have to verify themselves.
  const client = lazily(async () => new (await import('google-auth-library')).OAuth2Client())
  return async (token: string): Promise<void> => {
    const verifier = await client()
    const expired = () => new Error(`Google did not answer within ${CERTIFICATES_MS / 1000} s`)
    const fetchCertificates = given ?? (async () => (await verifier.getFederatedSignonCertsAsync()).certs)
    const certificates = await withDeadline(fetchCertificates(), CERTIFICATES_MS, expired).catch((error: unknown) => {
      throw new CertificatesError(error)
    })
    const wanted = audience.length === 0 ? undefined : [...audience]
    try {
      await verifier.verifySignedJwtWithCertsAsync(token, certificates, wanted, ISSUERS)
    } catch (error) {
      throw unauthorised(explain(error))
    }
  }
}

/** The library's messages quote the token, which belongs neither into an answer nor into a log. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^No pem found/, 'it is signed with a key that is not Google’s'],
  [/^Invalid token signature/, 'its signature is wrong'],
  [/^Token used too late/, 'it has expired'],
  [/^Token used too early/, 'it is not valid yet'],
  [/^Expiration time too far/, 'it is valid for longer than Google issues tokens'],
  [/^Invalid issuer/, 'it was not issued by Google'],
  [/^Wrong recipient/, 'it is for another audience'],
]

function explain(error: unknown): string {
  const message = error instanceof Error ? error.message : ''
  return REASONS.find(([pattern]) => pattern.test(message))?.[1] ?? 'it is not an identity token'
}

/** RFC 6750 §3: a request without credentials is answered what is expected, without an error code. */
function callerRequired(): HttpError {
  const msg =
    'only a verified caller may change something: send an identity token as Authorization: Bearer TOKEN (identity.requireCaller)'
  const detail = { msg, type: 'unauthorised', loc: ['header', 'authorization'] }
  return new HttpError(401, detail, { headers: { 'www-authenticate': 'Bearer realm="almagest"' } })
}

function unauthorised(reason: string): HttpError {
  const challenge = 'Bearer error="invalid_token"'
  const detail = {
    msg: `the identity token is refused: ${reason}`,
    type: 'unauthorised',
    loc: ['header', 'authorization'],
  }
  return new HttpError(401, detail, { headers: { 'www-authenticate': challenge } })
}
