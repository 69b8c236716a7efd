import { Failure, messageOf } from '../../../shared/failure.ts'
import { UsageError } from '../../terminal/usage-error.ts'

/** There is no identity to call the function with. */
export class IdentityError extends Failure {
  constructor(audience: string, cause: unknown) {
    const reason = messageOf(cause)
    const advice = 'give --token "$(gcloud auth print-identity-token)", or the credentials of a service account'
    super('unavailable', 'no_identity', `no identity token for ${audience} could be had: ${reason} (${advice})`, {
      cause,
    })
  }
}

/**
 * The headers that name the caller to a function: the given token, or one for the caller's own credentials, for the
 * address's origin as Cloud Run expects it. Plain http on this machine needs none.
 */
export async function authorise({
  url,
  token,
}: {
  readonly url: string
  readonly token: string | null
}): Promise<Readonly<Record<string, string>>> {
  const { protocol, origin, hostname } = new URL(url)
  if (protocol === 'http:') {
    if (token === null) return {}
    if (!isThisMachine(hostname)) throw new UsageError('a token is sent over https only: give the https:// address')
  }
  return { authorization: `Bearer ${token ?? (await fetchToken(origin))}` }
}

function isThisMachine(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

/** google-auth-library is large, and only wanted here. */
async function fetchToken(audience: string): Promise<string> {
  try {
    const { GoogleAuth } = await import('google-auth-library')
    const client = await new GoogleAuth().getIdTokenClient(audience)
    return await client.idTokenProvider.fetchIdToken(audience)
  } catch (error) {
    throw new IdentityError(audience, error)
  }
}
