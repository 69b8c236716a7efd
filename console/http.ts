/** A call that did not succeed, with the sentence that the service gave. */
export class CallError extends Error {
  /** 0: there was no answer. */
  readonly status: number

  constructor(status: number, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'CallError'
    this.status = status
  }
}

/**
 * Sends a request and checks that it succeeded.
 *
 * @throws CallError, or AbortError as fetch throws it
 */
export async function call(url: string, init: RequestInit = {}): Promise<Response> {
  let response: Response
  try {
    response = await fetch(url, { credentials: 'include', ...init })
  } catch (error) {
    if (init.signal?.aborted) throw error
    throw new CallError(0, `${new URL(url, location.href).host} did not answer`, error)
  }
  if (response.ok) return response
  throw new CallError(response.status, explain(await response.text(), response))
}

/** @throws as `call`; CallError when the answer is not JSON, as a sign-in page is not */
export async function getJson<T>(url: string, signal?: AbortSignal): Promise<T> {
  return readJson(await call(url, { headers: { accept: 'application/json' }, ...(signal && { signal }) }))
}

/** @throws as `getJson` */
export async function postJson<T>(url: string, body: unknown): Promise<T> {
  const headers = { accept: 'application/json', 'content-type': 'application/json' }
  return readJson(await call(url, { method: 'POST', headers, body: JSON.stringify(body) }))
}

async function readJson<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T
  } catch (error) {
    throw new CallError(response.status, `${response.url} did not answer in JSON: are you signed in?`, error)
  }
}

/** @throws as `call`; CallError when the answer is not XML */
export async function getXml(url: string, signal?: AbortSignal): Promise<Document> {
  const response = await call(url, signal && { signal })
  return parseXml(await response.text(), response.url)
}

function parseXml(text: string, where: string): Document {
  const document = new DOMParser().parseFromString(text, 'application/xml')
  if (document.getElementsByTagName('parsererror').length === 0) return document
  throw new CallError(0, `${where} did not answer in XML: are you signed in?`)
}

/** All elements with a local name, whatever their namespace. */
export function elementsOf(parent: Document | Element, name: string): Element[] {
  return [...parent.getElementsByTagNameNS('*', name)]
}

/** The text of the first child element of that name; undefined: there is none, or it is empty. */
export function childText(parent: Element, name: string): string | undefined {
  const child = [...parent.children].find(({ localName }) => localName === name)
  return child?.textContent?.trim() || undefined
}

/** Our functions answer `{"detail": [{"msg"}]}`; TAP answers a VOTable or plain text (DALI 1.1 §4.2). */
function explain(body: string, { status, statusText }: Response): string {
  const detail = messageOfJson(body)
  if (detail !== undefined) return detail
  if (/^\s*</.test(body)) {
    const info = new DOMParser().parseFromString(body, 'application/xml').getElementsByTagNameNS('*', 'INFO')[0]
    const message = info?.textContent?.trim()
    return message || `${status} ${statusText}`
  }
  return body.trim().slice(0, 500) || `${status} ${statusText}`
}

function messageOfJson(body: string): string | undefined {
  if (!body.startsWith('{')) return undefined
  try {
    const { detail } = JSON.parse(body) as { readonly detail?: readonly { readonly msg?: string }[] }
    return detail?.map(({ msg }) => msg).join('; ')
  } catch {
    return undefined
  }
}
