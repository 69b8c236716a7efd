/** What the Cloud Storage JSON API answers when it refuses (Cloud Storage documentation, "HTTP status and error codes"). */
export class ApiError extends Error {
  readonly status: number
  readonly reason: string

  constructor(status: number, reason: string, message: string) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.reason = reason
  }
}

export function invalid(message: string): ApiError {
  return new ApiError(400, 'invalid', message)
}

export function noSuchBucket(): ApiError {
  return new ApiError(404, 'notFound', 'The specified bucket does not exist.')
}

export function noSuchObject(bucket: string, name: string): ApiError {
  return new ApiError(404, 'notFound', `No such object: ${bucket}/${name}`)
}

export function preconditionFailed(): ApiError {
  return new ApiError(412, 'conditionNotMet', 'At least one of the pre-conditions you specified did not hold.')
}
