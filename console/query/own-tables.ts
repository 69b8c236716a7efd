import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { formatBytes, formatCount, formatTime } from '../format.ts'
import { CallError, getJson } from '../http.ts'

/** What a user keeps beside the catalogue, and what others let him read (docs/user-tables.md). */
export interface OwnTables {
  readonly tables: readonly OwnTable[]
  /** What he has of his own. */
  readonly count: number
  readonly bytes: number
  /** undefined: as many as he likes. */
  readonly mostTables: number | undefined
  readonly mostBytes: number | undefined
}

interface OwnTable {
  /** As a query names it: `user_ann.targets`. */
  readonly table: string
  readonly owner: string
  readonly rows: number
  readonly changed: string
  readonly description: string | null
}

type Counts = Readonly<Partial<Record<'tables' | 'tableBytes', number>>>

/** @returns null: the service does not know who is asking @throws CallError */
export async function readOwnTables(url: string, signal: AbortSignal): Promise<OwnTables | null> {
  try {
    const [{ tables }, { limits, usage }] = await Promise.all([
      getJson<Pick<OwnTables, 'tables'>>(`${url}/user-tables`, signal),
      getJson<{ readonly limits: Counts; readonly usage: Counts }>(`${url}/quota`, signal),
    ])
    const { tables: count = 0, tableBytes: bytes = 0 } = usage
    return { tables, count, bytes, mostTables: limits.tables, mostBytes: limits.tableBytes }
  } catch (error) {
    if (error instanceof CallError && [401, 403].includes(error.status)) return null
    throw error
  }
}

/** The tables, to be written into the query by a click, and how much of the quota they take. */
export function OwnTablesList(props: { readonly own: OwnTables; readonly onInsert: (text: string) => void }): VNode {
  const { own, onInsert } = props
  const { tables, count, bytes, mostTables, mostBytes } = own
  const used = [
    `${formatCount(count)}${mostTables === undefined ? '' : ` of ${formatCount(mostTables)}`} ${(mostTables ?? count) === 1 ? 'table' : 'tables'}`,
    `${formatBytes(bytes)}${mostBytes === undefined ? '' : ` of ${formatBytes(mostBytes)}`}`,
  ]
  return html`
    <section aria-label="Your tables">
      <h2>Your tables</h2>
      <ul>
        ${tables.map(
          ({ table, owner, rows, changed, description }) => html`
            <li key=${table}>
              <button class="column" onClick=${() => onInsert(table)} title=${[description, `of ${owner}, changed ${formatTime(changed)}`].filter(Boolean).join('\n')}>${table}</button>
              <span class="quiet"> ${formatCount(rows)} ${rows === 1 ? 'row' : 'rows'}</span>
            </li>`,
        )}
      </ul>
      <p class="quiet">You keep ${used.join(', ')}.</p>
    </section>` as VNode
}
