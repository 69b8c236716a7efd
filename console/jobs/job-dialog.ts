import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { formatTime } from '../format.ts'
import { Notice } from '../notice.ts'
import { usePolled } from '../polled.ts'
import { readShares, type Share, share, unshare } from './shares.ts'
import { type Job, renameJob } from './uws.ts'

const EVERY_MS = 10_000

/** The whole of a job: its query, its name, and with whom it is shared. */
export function JobDialog(props: {
  readonly job: Job
  readonly onClose: () => void
  /** Something about it is new. */
  readonly onChange: () => void
}): VNode {
  const { job, onClose, onChange } = props
  const dialog = useRef<HTMLDialogElement>(null)
  const [name, setName] = useState(job.runId ?? '')
  const [failure, setFailure] = useState<string | undefined>()
  useEffect(() => dialog.current?.showModal(), [])
  const act = async (work: () => Promise<void>) => {
    setFailure(undefined)
    try {
      await work()
      onChange()
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error))
    }
  }
  const rename = (event: Event) => {
    event.preventDefault()
    void act(() => renameJob(job, name))
  }
  return html`
    <dialog ref=${dialog} aria-labelledby="job-title" onClose=${onClose} onCancel=${onClose}>
      <h2 id="job-title">${job.runId ?? job.id}</h2>
      <pre tabindex="0">${job.query}</pre>
      <dl>
        <dt>phase</dt><dd>${job.phase}</dd>
        ${job.owner !== undefined && html`<dt>owner</dt><dd>${job.owner}</dd>`}
        <dt>made</dt><dd>${formatTime(job.created)}</dd>
        <dt>deleted on</dt><dd>${formatTime(job.destruction)}</dd>
        <dt>address</dt><dd><code>${job.url}</code></dd>
      </dl>
      ${failure !== undefined && html`<${Notice} kind="error">${failure}<//>`}
      <form class="controls" onSubmit=${rename}>
        <label>name <input type="text" maxlength="64" value=${name} onInput=${(event: Event) => setName((event.currentTarget as HTMLInputElement).value)} /></label>
        <button class="plain">Rename</button>
      </form>
      ${
        job.owner === undefined
          ? html`<p class="quiet">The job belongs to nobody: who has its address can read it, abort it and delete it.</p>`
          : html`<${Sharing} job=${job} act=${act} />`
      }
      <p class="buttons"><button class="plain" onClick=${onClose}>Close</button></p>
    </dialog>` as VNode
}

function Sharing(props: { readonly job: Job; readonly act: (work: () => Promise<void>) => Promise<void> }): VNode {
  const { job, act } = props
  const [name, setName] = useState('')
  const [kind, setKind] = useState<'user' | 'group'>('user')
  const shares = usePolled((signal) => readShares(job, signal), EVERY_MS, [job.url])
  const change = async (work: () => Promise<void>) => {
    await act(work)
    shares.refresh()
  }
  const add = (event: Event) => {
    event.preventDefault()
    void change(() => share(job, kind, name.trim())).then(() => setName(''))
  }
  if (shares.value === undefined) {
    return html`<p class="quiet">${shares.error === undefined ? 'Reading with whom it is shared …' : shares.error.message}</p>` as VNode
  }
  return html`
    <h3>Shared with</h3>
    <ul>
      ${shares.value.shares.map(
        (given: Share) => html`
          <li>
            ${given.user ?? `group ${given.group}`}${given.until !== null && ` until ${formatTime(given.until)}`}
            <button class="insert" onClick=${() => change(() => unshare(job, given))} aria-label=${`Stop sharing with ${given.user ?? given.group}`}>remove</button>
          </li>`,
      )}
      ${shares.value.shares.length === 0 && html`<li class="quiet">nobody</li>`}
    </ul>
    <form class="controls" onSubmit=${add}>
      <label>share with
        <select value=${kind} onChange=${(event: Event) => setKind((event.currentTarget as HTMLSelectElement).value as 'user' | 'group')}>
          <option value="user">user</option>
          <option value="group">group</option>
        </select>
      </label>
      <label><span class="visually-hidden">name of the ${kind}</span><input type="text" required value=${name} onInput=${(event: Event) => setName((event.currentTarget as HTMLInputElement).value)} /></label>
      <button class="plain">Share</button>
    </form>` as VNode
}
