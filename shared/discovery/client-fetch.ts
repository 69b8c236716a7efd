import { DiscoveryError } from './client-errors.ts'

export interface FetchOptions {
  readonly fetch: typeof fetch
  /** For the whole answer; 10 seconds. */
  readonly timeoutMs: number
}

/**
 * Asks for JSON. The token goes to that URL and nowhere else: redirects are errors.
 *
 * @throws DiscoveryError
 */
export async function fetchJson(url: string, options: FetchOptions, token?: string): Promise<unknown> {
  const text = await fetchText(url, options, token)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new DiscoveryError('discovery_invalid', `the answer of ${url} is not JSON`, { cause })
  }
}

async function fetchText(url: string, { fetch, timeoutMs }: FetchOptions, token?: string): Promise<string> {
  const headers = { accept: 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) }
  const init = { headers, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) } as const
  let response: Response
  try {
    response = await fetch(url, init)
    if (response.ok) return await response.text()
  } catch (cause) {
    throw new DiscoveryError('discovery_unreachable', `${url} cannot be reached`, { cause, kind: 'unavailable' })
  }
  await response.body?.cancel()
  throw refusalOf(url, response.status)
}

function refusalOf(url: string, status: number): DiscoveryError {
  if (status === 401) return new DiscoveryError('not_authorised', `${url} does not accept the token (401)`)
  if (status === 403) return new DiscoveryError('not_permitted', `${url} may not be read with this token (403)`)
  if (status === 404) return new DiscoveryError('not_in_discovery', `there is nothing at ${url} for you (404)`)
  const kind = status < 500 && status !== 429 ? 'missing' : 'unavailable'
  return new DiscoveryError('discovery_unreachable', `${url} answers ${status}`, { kind })
}
