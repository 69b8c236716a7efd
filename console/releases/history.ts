import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { formatDuration, formatTime } from '../format.ts'
import type { HistoryEntry } from './swap-schema.ts'

const ACTIONS: Readonly<Record<string, string>> = { rolled_back: 'rolled back' }

/** What happened to a server, the newest first; a rejected release with its problems. */
export function History({ history }: { readonly history: readonly HistoryEntry[] }): VNode {
  return html`
    <section aria-label="History">
      <h2>History</h2>
      <table class="list">
        <thead><tr><th>when</th><th>what</th><th>version</th><th>by</th><th>took</th></tr></thead>
        <tbody>${history.map((entry) => html`<${Entry} key=${entry.id} entry=${entry} />`)}</tbody>
      </table>
    </section>` as VNode
}

function Entry({ entry }: { readonly entry: HistoryEntry }): VNode {
  const { at, action, version, replaced, actor, problems, durationMs } = entry
  return html`
    <tr class=${action}>
      <td title=${at}>${formatTime(at)}</td>
      <td>${ACTIONS[action] ?? action}</td>
      <th scope="row">
        ${version}${replaced !== null && html` <span class="quiet">in place of ${replaced}</span>`}
        ${
          problems.length > 0 &&
          html`
            <details>
              <summary>${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}</summary>
              <ul>
                ${problems.map(
                  ({ file, line, column, severity, message }) =>
                    html`<li class=${severity}><code>${[file, line, column].filter((part) => part !== undefined).join(':')}</code> ${message}</li>`,
                )}
              </ul>
            </details>`
        }
      </th>
      <td>${actor}</td>
      <td>${formatDuration(durationMs)}</td>
    </tr>` as VNode
}
