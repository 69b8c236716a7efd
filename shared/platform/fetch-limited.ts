export interface FetchLimits {
  /** For the whole answer. */
  readonly timeoutMs: number
  readonly maxBytes: number
}

export interface FetchedText {
  readonly status: number
  readonly text: string
}

/**
 * Gets a text within limits of time and size. Redirects are answers like others: the headers hold credentials that are
 * meant for this address alone.
 *
 * @throws what `fetch` throws, and Error beyond the limits
 */
export async function fetchLimited(
  url: string,
  headers: Readonly<Record<string, string>>,
  { timeoutMs, maxBytes }: FetchLimits,
): Promise<FetchedText> {
  const signal = AbortSignal.timeout(timeoutMs)
  const response = await fetch(url, { headers, signal, redirect: 'manual' })
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return { status: response.status, text: Buffer.concat(chunks).toString('utf8') }
}
