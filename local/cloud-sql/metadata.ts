import type { FakeClock } from './clock.ts'
import { type LoopbackServer, startHttp } from './loopback.ts'

/** What an access token stands for. */
export interface Token {
  readonly account: string
  readonly scopes: string
  /** By Google's clock. */
  readonly expires: number
}

/** The metadata server as one service account sees it: the real path of Application Default Credentials. */
export function startMetadata(project: string, account: string, clock: FakeClock): Promise<LoopbackServer> {
  return startHttp((request) => {
    const url = new URL(request.url ?? '/', 'http://metadata')
    if (url.pathname.endsWith('/token')) {
      const scopes = url.searchParams.get('scopes') ?? ''
      const token: Token = { account, scopes, expires: clock.now() + clock.lifetimeMs }
      const text = Buffer.from(JSON.stringify(token)).toString('base64url')
      const expires = Math.floor(clock.lifetimeMs / 1000) - 1
      return { body: { access_token: `ya29.${text}`, expires_in: expires, token_type: 'Bearer' } }
    }
    if (url.pathname.endsWith('/email')) return { body: account }
    if (url.pathname.endsWith('/project-id')) return { body: project }
    return { body: {} }
  })
}

/** Where the client libraries of a process find that server. */
export function metadataVariables(project: string, server: LoopbackServer): Record<string, string> {
  return {
    GCE_METADATA_HOST: server.host,
    METADATA_SERVER_DETECTION: 'assume-present',
    GOOGLE_CLOUD_PROJECT: project,
  }
}

/** null: not a token that was issued here. */
export function readToken(text: string): Token | null {
  const encoded = /^ya29\.([\w-]+)$/.exec(text)?.[1]
  return encoded === undefined ? null : (JSON.parse(Buffer.from(encoded, 'base64url').toString()) as Token)
}
