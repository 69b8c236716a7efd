import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { Notice, Waiting } from '../notice.ts'
import { usePolled } from '../polled.ts'
import type { Change, Diff, Slot, SlotName, SwapSchema } from './swap-schema.ts'

const SLOT_NAMES: readonly SlotName[] = ['live', 'staging', 'previous']
/** Slots change by the swaps that the page sees at once: what is compared is read anew then. */
const EVERY_MS = 30_000

/** What changes for users between two slots that can be chosen. */
export function DiffView(props: {
  readonly functions: SwapSchema
  readonly name: string
  readonly slots: Readonly<Record<SlotName, Slot>>
}): VNode {
  const { functions, name, slots } = props
  const [from, setFrom] = useState<SlotName>(slots.staging.exists ? 'live' : 'previous')
  const [to, setTo] = useState<SlotName>(slots.staging.exists ? 'staging' : 'live')
  const isComparable = slots[from].exists && slots[to].exists && from !== to
  const ids = `${slots[from].id} ${slots[from].version} ${slots[to].id} ${slots[to].version}`
  const diff = usePolled(async (signal) => (isComparable ? functions.diff(name, from, to, signal) : null), EVERY_MS, [
    functions,
    name,
    from,
    to,
    ids,
  ])
  const choose = (label: string, value: SlotName, set: (slot: SlotName) => void) => html`
    <label>${label}
      <select value=${value} onChange=${(event: Event) => set((event.currentTarget as HTMLSelectElement).value as SlotName)}>
        ${SLOT_NAMES.map((slot) => html`<option value=${slot}>${slot} (${slots[slot].version ?? 'empty'})</option>`)}
      </select>
    </label>`
  return html`
    <section aria-label="Differences">
      <h2>Differences</h2>
      <div class="controls">${choose('from', from, setFrom)} ${choose('to', to, setTo)}</div>
      ${
        !isComparable
          ? html`<p class="quiet">${from === to ? 'Choose two slots.' : 'One of the two slots is empty.'}</p>`
          : diff.value == null
            ? html`<${Waiting} what="the differences" error=${diff.error} />`
            : html`<${Changes} diff=${diff.value} />`
      }
    </section>` as VNode
}

/** Rows that are shown at first; a new survey may have thousands. */
const SHOWN = 200

/** A readable list of changes, what breaks queries first. */
export function Changes({ diff }: { readonly diff: Diff }): VNode {
  const [kind, setKind] = useState('')
  const [isBreaking, setBreaking] = useState(false)
  const [text, setText] = useState('')
  const [shown, setShown] = useState(SHOWN)
  const { changes, leftOut = [], others = [] } = diff
  const kinds = [...new Set(changes.map((change) => change.kind))]
  const wanted = text.trim().toLowerCase()
  const found = changes
    .filter((change) => kind === '' || change.kind === kind)
    .filter((change) => !isBreaking || change.breaking)
    .filter(({ name, formerName = '' }) => `${name} ${formerName}`.toLowerCase().includes(wanted))
    .sort((a, b) => Number(b.breaking) - Number(a.breaking))
  const breaking = changes.filter((change) => change.breaking).length
  return html`
    ${leftOut.length > 0 && html`<${Notice} kind="error">Would lose read access: ${leftOut.join(', ')}<//>`}
    ${others.length > 0 && html`<${Notice} kind="info">Also in the live schema, and would be moved to previous: ${others.join(', ')}<//>`}
    <p>
      ${changes.length === 0 ? 'No changes.' : `${changes.length} ${changes.length === 1 ? 'change' : 'changes'}, ${breaking} breaking.`}
    </p>
    ${
      changes.length > 0 &&
      html`
        <div class="controls">
          <label>kind
            <select value=${kind} onChange=${(event: Event) => setKind((event.currentTarget as HTMLSelectElement).value)}>
              <option value="">all</option>
              ${kinds.map((name) => html`<option value=${name}>${name}</option>`)}
            </select>
          </label>
          <label><input type="checkbox" checked=${isBreaking} onChange=${() => setBreaking(!isBreaking)} /> breaking only</label>
          <label>name <input type="search" value=${text} onInput=${(event: Event) => setText((event.currentTarget as HTMLInputElement).value)} /></label>
        </div>
        <div class="scroll" tabindex="0" role="region" aria-label="Changes">
          <table class="list">
            <thead><tr><th>name</th><th>kind</th><th>change</th><th>old → new</th></tr></thead>
            <tbody>${found.slice(0, shown).map((change) => html`<${ChangeRow} change=${change} />`)}</tbody>
          </table>
        </div>
        ${found.length > shown && html`<button class="plain" onClick=${() => setShown(shown + 1000)}>Show more: ${found.length - shown} are left</button>`}`
    }` as VNode
}

function ChangeRow({ change }: { readonly change: Change }): VNode {
  const { name, formerName, kind, breaking, fields = {} } = change
  return html`
    <tr class=${breaking ? 'breaking' : ''}>
      <th scope="row">${formerName === undefined ? name : `${formerName} → ${name}`}</th>
      <td>${kind}</td>
      <td>${change.change}${breaking && html` <strong class="tag">breaking</strong>`}</td>
      <td>
        ${Object.entries(fields).map(
          ([field, { from, to }]) => html`
            <div class="field">
              <span class="quiet">${field}</span> <del>${showValue(from)}</del> → <ins>${showValue(to)}</ins>
            </div>`,
        )}
      </td>
    </tr>` as VNode
}

function showValue(value: unknown): string {
  return value === null || value === '' ? '(empty)' : String(value)
}
