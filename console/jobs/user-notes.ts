import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { formatBytes, formatCount, formatTime } from '../format.ts'
import { CallError, getJson } from '../http.ts'
import { Notice } from '../notice.ts'
import { usePolled } from '../polled.ts'

const EVERY_MS = 30_000

interface Notes {
  readonly notifications: readonly { readonly id: string; readonly message: string; readonly until: string }[]
  readonly limits: Readonly<Record<string, number>>
  readonly usage: Readonly<Record<string, number>>
}

const NOTHING: Notes = { notifications: [], limits: {}, usage: {} }

const NAMES: Readonly<Record<string, string>> = {
  underway: 'jobs under way',
  queued: 'jobs queued',
  sync: 'queries at once',
  storedBytes: 'stored',
  tables: 'tables kept',
  tableBytes: 'in tables',
}

/** What a service tells the person who looks: notifications, and how much of each limit is used. */
export function UserNotes({ url }: { readonly url: string }): VNode | null {
  const { value } = usePolled((signal) => readNotes(url, signal), EVERY_MS, [url])
  if (value === undefined) return null
  const limits = Object.entries(value.limits)
  const show = (name: string, count: number) => (name.endsWith('Bytes') ? formatBytes(count) : formatCount(count))
  return html`
    ${value.notifications.map(({ id, message, until }) => html`<${Notice} key=${id} kind="info">${message} <span class="quiet">until ${formatTime(until)}</span><//>`)}
    ${
      limits.length > 0 &&
      html`<p class="quiet">${limits.map(([name, limit]) => `${show(name, value.usage[name] ?? 0)} of ${show(name, limit)} ${NAMES[name] ?? name}`).join(', ')}</p>`
    }` as VNode
}

async function readNotes(url: string, signal: AbortSignal): Promise<Notes> {
  try {
    const [{ notifications }, { limits, usage }] = await Promise.all([
      getJson<Pick<Notes, 'notifications'>>(`${url}/notifications`, signal),
      getJson<Pick<Notes, 'limits' | 'usage'>>(`${url}/quota`, signal),
    ])
    return { notifications, limits, usage }
  } catch (error) {
    // Services without jobs, and those of others, have neither.
    if (error instanceof CallError && error.status === 404) return NOTHING
    throw error
  }
}
