import { html } from 'htm/preact'
import type { ComponentChildren, VNode } from 'preact'

/** One thing that a person is to know: it is read out when it appears. */
export function Notice(props: {
  readonly kind: 'error' | 'info' | 'good'
  readonly children?: ComponentChildren
}): VNode {
  const { kind, children } = props
  return html`<p class=${`notice ${kind}`} role=${kind === 'error' ? 'alert' : 'status'}>${children}</p>` as VNode
}

/** What stands where something is being read, or could not be read. */
export function Waiting(props: { readonly error: Error | undefined; readonly what: string }): VNode {
  const { error, what } = props
  if (error !== undefined) return html`<${Notice} kind="error">${what}: ${error.message}<//>` as VNode
  return html`<p class="waiting" role="status">Reading ${what} …</p>` as VNode
}
