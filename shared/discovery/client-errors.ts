import { Failure } from '../failure.ts'

export type DiscoveryErrorCode =
  | 'discovery_unreachable'
  | 'discovery_invalid'
  | 'not_in_discovery'
  | 'not_authorised'
  | 'not_permitted'

/** What the discovery client cannot answer. */
export class DiscoveryError extends Failure {
  declare readonly code: DiscoveryErrorCode
  readonly permanent: boolean
  /** The name that was probably meant. */
  readonly suggestion: string | undefined

  constructor(
    code: DiscoveryErrorCode,
    message: string,
    {
      cause,
      suggestion,
      permanent = true,
    }: { cause?: unknown; suggestion?: string | undefined; permanent?: boolean } = {},
  ) {
    super(code, message, { cause })
    this.permanent = permanent
    this.suggestion = suggestion
  }
}
