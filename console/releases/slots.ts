import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { formatCount, formatTime } from '../format.ts'
import type { Exchange } from './exchange-dialog.ts'
import type { Slot, SlotName } from './swap-schema.ts'

interface SlotCard {
  readonly name: SlotName
  readonly about: string
  /** What can be done with what lies there. */
  readonly action?: { readonly exchange: Exchange; readonly label: string }
}

const CARDS: readonly SlotCard[] = [
  { name: 'live', about: 'what users query' },
  { name: 'staging', about: 'the next release', action: { exchange: 'swap', label: 'Swap live …' } },
  { name: 'previous', about: 'the way back', action: { exchange: 'rollback', label: 'Roll back …' } },
]

/** The three slots of a TAP server. */
export function Slots(props: {
  readonly slots: Readonly<Record<SlotName, Slot>>
  readonly mayChange: boolean
  readonly onExchange: (exchange: Exchange) => void
}): VNode {
  const { slots, mayChange, onExchange } = props
  return html`
    <div class="cards">
      ${CARDS.map(({ name, about, action }) => {
        const slot = slots[name]
        return html`
          <section class=${`card ${name}`} aria-label=${name}>
            <h2>${name} <small>${about}</small></h2>
            <p class="version">${slot.version ?? (slot.exists ? 'without a version' : 'empty')}</p>
            ${slot.exists && html`<${Details} slot=${slot} />`}
            ${
              action !== undefined &&
              slot.version !== null &&
              mayChange &&
              html`<button onClick=${() => onExchange(action.exchange)}>${action.label}</button>`
            }
          </section>`
      })}
    </div>` as VNode
}

function Details({ slot }: { readonly slot: Slot }): VNode {
  const { loadedAt, stagedBy, rows, schemas } = slot
  const counts = rows === null ? [] : Object.entries(rows)
  return html`
    <dl>
      <dt>staged</dt>
      <dd title=${loadedAt ?? undefined}>${formatTime(loadedAt)}${stagedBy !== null && ` by ${stagedBy}`}</dd>
      <dt>schemas</dt>
      <dd>${schemas.join(', ') || '–'}</dd>
      <dt>rows</dt>
      <dd>${counts.map(([name, count]) => `${formatCount(count)} ${name}`).join(', ') || '–'}</dd>
    </dl>` as VNode
}
