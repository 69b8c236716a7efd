import type { TokenInfo } from '../../shared/platform/token-info.ts'

/** What Gafaelfawr says of a user. */
export function tokenUser(username: string, scopes: readonly string[] = [], more: Partial<TokenInfo> = {}): TokenInfo {
  return { username, scopes, groups: [], concurrent: new Map(), ...more }
}
