import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { formatBytes, formatCount, formatTime } from '../format.ts'
import { getJson } from '../http.ts'
import { Notice, Waiting } from '../notice.ts'
import { usePolled } from '../polled.ts'

const EVERY_MS = 30_000

interface Row {
  readonly rule: string | null
  readonly action: 'keep' | 'delete'
  readonly reason: string
  readonly objects: number
  readonly bytes: number
  readonly names: readonly string[]
}

interface Sweeps {
  readonly isRunning: boolean
  readonly last: {
    readonly startedAt: string | null
    readonly mode: string
    readonly bucket: string
    readonly rows: readonly Row[]
    readonly deletions: { readonly deleted: number; readonly deletedBytes: number; readonly failed: number }
    readonly warnings: readonly string[]
  } | null
}

/** The last sweep over the results bucket: what was deleted, what was kept, and why. */
export function LastSweep({ url }: { readonly url: string }): VNode {
  const sweeps = usePolled((signal) => getJson<Sweeps>(`${url}/sweeps`, signal), EVERY_MS, [url])
  return html`
    <section aria-label="Last sweep">
      <h2>Last sweep</h2>
      ${sweeps.value === undefined ? html`<${Waiting} what="the last sweep" error=${sweeps.error} />` : html`<${Report} sweeps=${sweeps.value} />`}
    </section>` as VNode
}

function Report({ sweeps: { isRunning, last } }: { readonly sweeps: Sweeps }): VNode {
  if (last === null)
    return html`<p class="quiet">${isRunning ? 'The first sweep is under way.' : 'No sweep that deletes has finished yet.'}</p>` as VNode
  const { startedAt, bucket, rows, deletions, warnings } = last
  const { deleted, deletedBytes, failed } = deletions
  return html`
    ${warnings.map((warning) => html`<${Notice} kind="info">${warning}<//>`)}
    ${failed > 0 && html`<${Notice} kind="error">${failed} objects could not be deleted: the next sweep tries again.<//>`}
    <p>
      <span title=${startedAt ?? undefined}>${formatTime(startedAt)}</span>, gs://${bucket}: ${formatCount(deleted)} deleted (${formatBytes(deletedBytes)})${isRunning && '; another one is under way'}.
    </p>
    <table class="list">
      <thead><tr><th>rule</th><th>what</th><th>why</th><th>objects</th><th>size</th></tr></thead>
      <tbody>
        ${rows.map(
          ({ rule, action, reason, objects, bytes, names }) => html`
            <tr>
              <th scope="row">${rule ?? '(none)'}</th>
              <td>${action === 'delete' ? 'deleted' : 'kept'}</td>
              <td title=${names.join('\n')}>${reason.replaceAll('_', ' ')}</td>
              <td class="number">${formatCount(objects)}</td>
              <td class="number">${formatBytes(bytes)}</td>
            </tr>`,
        )}
      </tbody>
    </table>` as VNode
}
