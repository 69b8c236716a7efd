/** Names of the routes, for faults and for the log. */
export type RouteName =
  | 'version'
  | 'query'
  | 'submit'
  | 'status'
  | 'result'
  | 'result-delete'
  | 'cancel'
  | 'ingest-data'
  | 'ingest-csv'
  | 'drop-table'
  | 'drop-database'

/** What goes wrong; the side effect happens, unless it says otherwise. */
export type FaultKind =
  /** The head comes only after `ms`. */
  | { readonly kind: 'slow-head'; readonly ms: number }
  /** The head comes only when a test says so. */
  | { readonly kind: 'hold'; readonly until: Promise<unknown> }
  /** A pause of `ms` between pieces of `bytes`. */
  | { readonly kind: 'drip'; readonly ms: number; readonly bytes: number }
  /** A proxy answers; nothing happens. */
  | { readonly kind: 'status'; readonly status: 500 | 502 | 503 | 504 }
  /** The connection is reset; nothing happens. */
  | { readonly kind: 'reset-before' }
  /** The connection is reset, and it happens after that. */
  | { readonly kind: 'reset-early' }
  /** It happens, and then the connection is reset. */
  | { readonly kind: 'reset-after' }
  /** The connection is reset after so many bytes of the body. */
  | { readonly kind: 'reset-body'; readonly bytes: number }
  /** The body ends early, in good order, and its length was another. */
  | { readonly kind: 'truncate'; readonly bytes: number }
  /** Another body, with its own length. */
  | { readonly kind: 'body'; readonly body: string; readonly contentType?: string }
  /** Keys of the envelope that are other ones, or more; undefined: missing. */
  | { readonly kind: 'keys'; readonly keys: Readonly<Record<string, unknown>> }
  /** The envelope says no. */
  | { readonly kind: 'refuse'; readonly error: string }

export type Fault = FaultKind & {
  readonly route: RouteName
  /** With the how manieth request of the route it begins, from now on; default the next. */
  readonly from?: number
  /** How often; default once. */
  readonly times?: number
}

/** Which fault each request meets. */
export class Faults {
  #planned: { readonly fault: Fault; waits: number; left: number }[] = []

  add(fault: Fault): void {
    this.#planned.push({ fault, waits: (fault.from ?? 1) - 1, left: fault.times ?? 1 })
  }

  clear(): void {
    this.#planned = []
  }

  take(route: RouteName): Fault | undefined {
    for (const planned of this.#planned) {
      if (planned.fault.route !== route || planned.left === 0) continue
      if (planned.waits > 0) {
        planned.waits -= 1
        continue
      }
      planned.left -= 1
      return planned.fault
    }
    return undefined
  }
}
