/** A job as it is listed. Times are ISO 8601. */
export interface ListedJob {
  readonly id: string
  /** The TAP server of the environment; null: the service that was asked. */
  readonly server: string | null
  readonly owner: string | null
  readonly phase: string
  readonly created: string | null
  readonly runId: string | null
  /** Where the list has it. */
  readonly query: string | null
}

export interface ShownJob extends ListedJob {
  readonly started: string | null
  readonly ended: string | null
  readonly executionSeconds: number | null
  readonly destruction: string | null
  readonly parameters: readonly (readonly [name: string, value: string])[]
  /** An address, or the name of an object. */
  readonly result: string | null
  readonly bytes: number | null
  readonly error: string | null
}

export interface ListRequest {
  readonly phases: readonly string[]
  readonly owner: string | undefined
  readonly after: Date | undefined
  readonly last: number
}

export interface ShareRequest {
  readonly users: readonly string[]
  readonly groups: readonly string[]
  readonly until: Date | undefined
  /** They may not read it any more. */
  readonly remove: boolean
}

/** Jobs as the commands see them, however they are reached. Everything throws failures that are meant to be shown. */
export interface JobAccess {
  list(request: ListRequest): Promise<readonly ListedJob[]>
  show(id: string): Promise<ShownJob>
  /** @returns the phase in which it is now */
  abort(id: string): Promise<string>
  delete(id: string): Promise<void>
  share(id: string, request: ShareRequest): Promise<void>
}
