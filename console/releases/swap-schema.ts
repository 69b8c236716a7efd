import { getJson, postJson } from '../http.ts'

/** What swap-schema answers, as far as this page shows it (its OpenAPI description has the whole). */
export type SlotName = 'live' | 'staging' | 'previous'

export interface Slot {
  readonly exists: boolean
  readonly id: number | null
  readonly version: string | null
  readonly loadedAt: string | null
  readonly stagedBy: string | null
  readonly source: { readonly bucket: string; readonly object: string; readonly generation: string } | null
  readonly rows: Readonly<Record<string, number>> | null
  readonly schemas: readonly string[]
}

export interface Problem {
  readonly file: string
  readonly line?: number
  readonly column?: number
  readonly severity: string
  readonly message: string
}

export interface HistoryEntry {
  readonly id: number
  readonly at: string
  readonly action: string
  readonly version: string
  readonly replaced: string | null
  readonly actor: string
  readonly problems: readonly Problem[]
  readonly durationMs: number
}

export interface ServerDetail {
  readonly name: string
  readonly schemaVersion: string | null
  readonly follow: readonly string[]
  readonly swap: string
  readonly slots: Readonly<Record<SlotName, Slot>>
  readonly history: readonly HistoryEntry[]
}

export interface ServerSummary {
  readonly name: string
  readonly live: string | null
  readonly staging: string | null
  readonly previous: string | null
  readonly error?: { readonly msg: string }
}

export interface Change {
  readonly kind: string
  readonly change: string
  readonly name: string
  readonly formerName?: string
  readonly breaking: boolean
  readonly fields?: Readonly<
    Record<string, { readonly from: unknown; readonly to: unknown; readonly breaking: boolean }>
  >
}

export interface Diff {
  readonly from: { readonly slot: string; readonly version: string | null }
  readonly to: { readonly slot: string; readonly version: string | null }
  readonly breaking: boolean
  readonly changes: readonly Change[]
  readonly leftOut?: readonly string[]
  readonly others?: readonly string[]
}

export interface PublishedRelease {
  readonly version: string
  readonly publishedAt: string
  readonly generation: string | null
  readonly bytes: number | null
  readonly remark: string | null
}

export interface CallerAnswer {
  readonly actor: string
  readonly mayChange: boolean
}

/** The function swap-schema at one address. Every method throws CallError. */
export class SwapSchema {
  readonly #url: string

  constructor(url: string) {
    this.#url = url.replace(/\/+$/, '')
  }

  servers(signal: AbortSignal): Promise<{ readonly servers: readonly ServerSummary[] }> {
    return getJson(`${this.#url}/servers`, signal)
  }

  server(name: string, history: number, signal: AbortSignal): Promise<ServerDetail> {
    return getJson(`${this.#of(name)}?history=${history}`, signal)
  }

  diff(name: string, from: SlotName, to: SlotName, signal?: AbortSignal): Promise<Diff> {
    return getJson(`${this.#of(name)}/diff?from=${from}&to=${to}&format=json`, signal)
  }

  releases(signal: AbortSignal): Promise<{ readonly releases: readonly PublishedRelease[] }> {
    return getJson(`${this.#url}/releases`, signal)
  }

  caller(signal: AbortSignal): Promise<CallerAnswer> {
    return getJson(`${this.#url}/caller`, signal)
  }

  stage(
    name: string,
    version: string,
    generation: string | null,
  ): Promise<{ readonly outcome: string; readonly reason?: string }> {
    return postJson(`${this.#of(name)}/stage`, { version, ...(generation === null ? {} : { generation }) })
  }

  /** Names the very stage that was looked at, so that nothing else is swapped in its place. */
  exchange(
    name: string,
    action: 'swap' | 'rollback',
    slot: Slot,
  ): Promise<{ readonly outcome: string; readonly live: string }> {
    const { version, id } = slot
    return postJson(`${this.#of(name)}/${action}`, { version, ...(id === null ? {} : { id }) })
  }

  #of(name: string): string {
    return `${this.#url}/servers/${encodeURIComponent(name)}`
  }
}
