import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Notice, Waiting } from '../notice.ts'
import { usePolled } from '../polled.ts'
import { Changes } from './diff-view.ts'
import type { ServerDetail, SlotName, SwapSchema } from './swap-schema.ts'

export type Exchange = 'swap' | 'rollback'

const ABOUT: Readonly<Record<Exchange, { readonly slot: SlotName; readonly title: string; readonly button: string }>> =
  {
    swap: { slot: 'staging', title: 'Swap live', button: 'Swap' },
    rollback: { slot: 'previous', title: 'Roll back', button: 'Roll back' },
  }

/** Shows what would change for users, and does it when that is confirmed. */
export function ExchangeDialog(props: {
  readonly functions: SwapSchema
  readonly server: ServerDetail
  readonly exchange: Exchange
  readonly onClose: () => void
  readonly onDone: (kind: 'good' | 'error', text: string) => void
}): VNode {
  const { functions, server, exchange, onClose, onDone } = props
  const { slot: name, title, button } = ABOUT[exchange]
  // What was looked at is what is swapped, even if another release is staged meanwhile.
  const [slot] = useState(server.slots[name])
  const [isBusy, setBusy] = useState(false)
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  const isFirst = !server.slots.live.exists
  const diff = usePolled(
    async (signal) => (isFirst ? null : functions.diff(server.name, 'live', name, signal)),
    60_000,
    [functions, server.name, name],
  )
  const confirm = async () => {
    setBusy(true)
    try {
      const { live } = await functions.exchange(server.name, exchange, slot)
      onDone('good', `${live} is live.`)
    } catch (error) {
      onDone('error', `Not done: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return html`
    <dialog ref=${dialog} aria-labelledby="exchange-title" onClose=${onClose} onCancel=${onClose}>
      <h2 id="exchange-title">${title}: ${slot.version} on ${server.name}</h2>
      <p>Live now: ${server.slots.live.version ?? 'nothing'}. No query sees half of two releases.</p>
      ${isFirst && html`<${Notice} kind="info">Nothing is live: there is nothing to compare with.<//>`}
      ${!isFirst && diff.value == null && html`<${Waiting} what="the differences" error=${diff.error} />`}
      ${diff.value != null && html`<${Changes} diff=${diff.value} />`}
      <p class="buttons">
        <button class="plain" onClick=${onClose} autofocus>Cancel</button>
        <button disabled=${isBusy || (!isFirst && diff.value == null)} onClick=${confirm}>${button}</button>
      </p>
    </dialog>` as VNode
}
