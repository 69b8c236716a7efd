/** An error of the protocol (OAI-PMH 2.0 §3.6): it is an answer like others. */
export class OaiError extends Error {
  readonly code: OaiErrorCode

  constructor(code: OaiErrorCode, message: string) {
    super(message)
    this.code = code
  }

  /** The arguments of a request that is malformed cannot be repeated. */
  get isMalformed(): boolean {
    return this.code === 'badVerb' || this.code === 'badArgument'
  }
}

export type OaiErrorCode =
  | 'badVerb'
  | 'badArgument'
  | 'badResumptionToken'
  | 'cannotDisseminateFormat'
  | 'idDoesNotExist'
  | 'noRecordsMatch'
