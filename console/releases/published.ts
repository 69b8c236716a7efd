import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { formatBytes, formatTime } from '../format.ts'
import { Waiting } from '../notice.ts'
import { usePolled } from '../polled.ts'
import type { PublishedRelease, ServerDetail, SwapSchema } from './swap-schema.ts'

const EVERY_MS = 15_000
const SHOWN = 20

/** The releases in the bucket, and where each of them is. */
export function Published(props: {
  readonly functions: SwapSchema
  readonly server: ServerDetail
  readonly mayChange: boolean
  readonly onStage: (version: string, generation: string | null) => Promise<void>
}): VNode {
  const { functions, server, mayChange, onStage } = props
  const [busy, setBusy] = useState<string | undefined>()
  const [text, setText] = useState('')
  const published = usePolled((signal) => functions.releases(signal), EVERY_MS, [functions])
  const stage = async ({ version, generation }: PublishedRelease) => {
    setBusy(version)
    await onStage(version, generation)
    setBusy(undefined)
  }
  const slotsOf = ({ version, generation }: PublishedRelease) =>
    Object.entries(server.slots)
      .filter(([, slot]) => slot.version === version && (generation === null || slot.source?.generation === generation))
      .map(([name]) => name)
  const found = published.value?.releases.filter(({ version }) => version.includes(text.trim())) ?? []
  return html`
    <section aria-label="Published releases">
      <h2>Published</h2>
      ${
        published.value === undefined
          ? html`<${Waiting} what="the releases" error=${published.error} />`
          : html`
            <div class="controls">
              <label>version <input type="search" value=${text} onInput=${(event: Event) => setText((event.currentTarget as HTMLInputElement).value)} /></label>
            </div>
            <table class="list">
              <thead><tr><th>version</th><th>published</th><th>size</th><th>slot</th><th><span class="visually-hidden">action</span></th></tr></thead>
              <tbody>
                ${found.slice(0, SHOWN).map(
                  (release) => html`
                    <tr>
                      <th scope="row">${release.version}</th>
                      <td title=${release.publishedAt}>${formatTime(release.publishedAt)}</td>
                      <td>${release.bytes === null ? '–' : formatBytes(release.bytes)}</td>
                      <td>${slotsOf(release).join(', ')}${release.remark !== null && html` <span class="quiet">${release.remark}</span>`}</td>
                      <td>
                        ${
                          mayChange &&
                          release.generation !== null &&
                          html`<button class="plain" disabled=${busy !== undefined} onClick=${() => stage(release)} aria-label=${`Stage ${release.version}`}>
                            ${busy === release.version ? 'Staging …' : 'Stage'}
                          </button>`
                        }
                      </td>
                    </tr>`,
                )}
              </tbody>
            </table>
            ${found.length > SHOWN && html`<p class="quiet">${found.length - SHOWN} more: narrow the list by a part of the version.</p>`}`
      }
    </section>` as VNode
}
