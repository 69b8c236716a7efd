/** How Qserv says that something went wrong: always with HTTP 200 (spec/qserv.md §1.2). */
export class QservRefusal extends Error {
  readonly details: Readonly<Record<string, unknown>>

  constructor(message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message)
    this.details = details
  }
}

export const badArgument = (what: string) => new QservRefusal(`invalid parameters of the request, ex: ${what}`)
export const failedOperation = (what: string) => new QservRefusal(`operation failed due to: ${what}`)

export interface Envelope {
  readonly error?: string
  readonly error_ext?: Readonly<Record<string, unknown>>
  readonly success?: number
  readonly warning?: string
  /** What one answer has besides. */
  readonly [key: string]: unknown
}

/** Compact, with its keys in alphabetical order on every level, as the library of the czar writes it. */
export function writeEnvelope(content: Envelope): Buffer {
  return Buffer.from(stringify({ error: '', error_ext: {}, success: 1, warning: '', ...content }))
}

function stringify(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stringify).join(',')}]`
  // Numbers of 64 bits.
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${stringify(item)}`).join(',')}}`
}
