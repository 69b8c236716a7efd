import { Failure } from '../failure.ts'

/** No release has gone live yet, so there is nothing to describe and nothing to query. */
export class NothingLiveError extends Failure {
  constructor() {
    super('unprepared', 'nothing_live', 'This service has no tables yet: no release of its metadata is live.')
  }
}

/** The live slot could not be read; its database may be better in a while. */
export class MetadataError extends Failure {
  constructor(cause: unknown) {
    super('unavailable', 'metadata', 'The service could not read its metadata: try again in a moment.', { cause })
  }
}
