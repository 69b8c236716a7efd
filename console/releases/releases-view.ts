import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import { Notice, Waiting } from '../notice.ts'
import { usePolled } from '../polled.ts'
import { linkTo, type ViewProps } from '../route.ts'
import { DiffView } from './diff-view.ts'
import { type Exchange, ExchangeDialog } from './exchange-dialog.ts'
import { History } from './history.ts'
import { Published } from './published.ts'
import { Slots } from './slots.ts'
import { type CallerAnswer, SwapSchema } from './swap-schema.ts'

/** A swap by somebody else is to be seen within seconds. */
const EVERY_MS = 2_000
const HISTORY = 50

/** The slots of the TAP servers, what is published, and what can be done with them. */
export function ReleasesView({ config, place }: ViewProps): VNode {
  if (config.swapSchema === null) {
    return html`<${Notice} kind="info">This console has no swap-schema: releases cannot be looked at here.<//>` as VNode
  }
  return html`<${Servers} url=${config.swapSchema} chosen=${place.rest[0]} />` as VNode
}

function Servers({ url, chosen }: { readonly url: string; readonly chosen: string | undefined }): VNode {
  const functions = useMemo(() => new SwapSchema(url), [url])
  const servers = usePolled((signal) => functions.servers(signal), EVERY_MS, [functions])
  const caller = usePolled((signal) => functions.caller(signal), 60_000, [functions])
  if (servers.value === undefined) return html`<${Waiting} what="the TAP servers" error=${servers.error} />` as VNode
  const { servers: all } = servers.value
  const name = chosen ?? all[0]?.name
  const mayChange = caller.value?.mayChange === true
  return html`
    ${servers.error !== undefined && html`<${Notice} kind="error">Not up to date: ${servers.error.message}<//>`}
    <table class="list">
      <caption class="visually-hidden">TAP servers and the version in each of their slots</caption>
      <thead><tr><th>TAP server</th><th>live</th><th>staging</th><th>previous</th></tr></thead>
      <tbody>
        ${all.map(
          (server) => html`
            <tr class=${server.name === name ? 'chosen' : ''}>
              <th scope="row">
                <a href=${linkTo('releases', [server.name])} aria-current=${server.name === name ? 'true' : undefined}>${server.name}</a>
              </th>
              ${
                server.error === undefined
                  ? [server.live, server.staging, server.previous].map((version) => html`<td>${version ?? '–'}</td>`)
                  : html`<td colspan="3" class="error">${server.error.msg}</td>`
              }
            </tr>`,
        )}
      </tbody>
    </table>
    ${caller.value !== undefined && html`<p class="quiet">${describeCaller(caller.value)}</p>`}
    ${name !== undefined && html`<${Server} key=${name} functions=${functions} name=${name} mayChange=${mayChange} />`}` as VNode
}

function describeCaller({ actor, mayChange }: CallerAnswer): string {
  const who = actor === 'unauthenticated' ? 'You are not signed in' : `You are ${actor}`
  return mayChange ? `${who}.` : `${who}: you can look at everything and change nothing.`
}

function Server(props: { readonly functions: SwapSchema; readonly name: string; readonly mayChange: boolean }): VNode {
  const { functions, name, mayChange } = props
  const [exchange, setExchange] = useState<Exchange | undefined>()
  const [message, setMessage] = useState<{ readonly kind: 'good' | 'error'; readonly text: string } | undefined>()
  const server = usePolled((signal) => functions.server(name, HISTORY, signal), EVERY_MS, [functions, name])
  if (server.value === undefined) return html`<${Waiting} what=${name} error=${server.error} />` as VNode
  const { slots, history } = server.value
  const done = (kind: 'good' | 'error', text: string) => {
    setExchange(undefined)
    setMessage({ kind, text })
    server.refresh()
  }
  const stage = async (version: string, generation: string | null) => {
    setMessage(undefined)
    try {
      const { outcome, reason } = await functions.stage(name, version, generation)
      done('good', reason ?? `${version} is ${outcome}: compare it with what is live, then swap it.`)
    } catch (error) {
      done('error', `${version} is not staged: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return html`
    <section aria-label=${name}>
      ${server.error !== undefined && html`<${Notice} kind="error">Not up to date: ${server.error.message}<//>`}
      ${message !== undefined && html`<${Notice} kind=${message.kind}>${message.text}<//>`}
      <${Slots} slots=${slots} mayChange=${mayChange} onExchange=${setExchange} />
      <${DiffView} functions=${functions} name=${name} slots=${slots} />
      <${Published} functions=${functions} server=${server.value} mayChange=${mayChange} onStage=${stage} />
      <${History} history=${history} />
    </section>
    ${
      exchange !== undefined &&
      html`<${ExchangeDialog} functions=${functions} server=${server.value} exchange=${exchange} onClose=${() => setExchange(undefined)} onDone=${done} />`
    }` as VNode
}
