import { Failure, type FailureKind } from '../failure.ts'

export type DiscoveryErrorCode =
  | 'discovery_unreachable'
  | 'discovery_invalid'
  | 'not_in_discovery'
  | 'not_authorised'
  | 'not_permitted'

/** What the discovery client cannot answer. */
export class DiscoveryError extends Failure {
  declare readonly code: DiscoveryErrorCode
  /** The name that was probably meant. */
  readonly suggestion: string | undefined

  constructor(
    code: DiscoveryErrorCode,
    message: string,
    {
      cause,
      suggestion,
      kind = 'missing',
    }: { cause?: unknown; suggestion?: string | undefined; kind?: FailureKind } = {},
  ) {
    super(kind, code, message, { cause })
    this.suggestion = suggestion
  }
}
