import { fetchLimited } from '../platform/fetch-limited.ts'

const TIMEOUT_MS = 5_000
const MAX_BYTES = 1024 * 1024

/** A short text that a token opens, such as the properties of a HiPS tree. @throws Error for anything but 200 in time */
export async function fetchWithToken(url: string, token: string): Promise<string> {
  const limits = { timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES }
  const { status, text } = await fetchLimited(url, { authorization: `Bearer ${token}` }, limits)
  if (status !== 200) throw new Error(`${url} answered ${status}`)
  return text
}
