import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import type { ServerConfig } from '../config.ts'
import { formatBytes, formatDuration, formatTime } from '../format.ts'
import { CallError } from '../http.ts'
import { Notice, Waiting } from '../notice.ts'
import { usePolled } from '../polled.ts'
import { linkTo, type ViewProps } from '../route.ts'
import { JobDialog } from './job-dialog.ts'
import { forgetJob, rememberedJobs } from './remembered-jobs.ts'
import { UserNotes } from './user-notes.ts'
import { abortJob, deleteJob, hasEnded, type Job, listJobs, readJob } from './uws.ts'

const EVERY_MS = 2_000
/** The newest; older ones can be asked of the service by other clients. */
const LISTED = 50

/** The jobs of the person who looks, of all TAP services. */
export function JobsView({ config }: ViewProps): VNode {
  return html`
    <p class="quiet">Jobs that you have made, here or with another client that was signed in as you.</p>
    ${config.servers.map((server) => html`<${JobsOf} key=${server.name} server=${server} />`)}` as VNode
}

/** What has ended changes no more: it is read once. */
type Known = Map<string, Job>

function JobsOf({ server }: { readonly server: ServerConfig }): VNode {
  const { name, url } = server
  const [known] = useState<Known>(() => new Map())
  const [failure, setFailure] = useState<string | undefined>()
  const [opened, setOpened] = useState<Job | undefined>()
  const jobs = usePolled((signal) => readJobs(url, known, signal), EVERY_MS, [url])
  const act = async (job: Job, work: (job: Job) => Promise<void>) => {
    setFailure(undefined)
    try {
      await work(job)
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error))
    }
    known.delete(job.url)
    jobs.refresh()
  }
  const remove = async (job: Job) => {
    await deleteJob(job)
    forgetJob(url, job.url)
  }
  return html`
    <section aria-label=${`Jobs of ${name}`}>
      <h2>${name}</h2>
      <${UserNotes} url=${url} />
      ${failure !== undefined && html`<${Notice} kind="error">${failure}<//>`}
      ${jobs.value !== undefined && jobs.error !== undefined && html`<${Notice} kind="error">Not up to date: ${jobs.error.message}<//>`}
      ${
        jobs.value === undefined
          ? html`<${Waiting} what="the jobs" error=${jobs.error} />`
          : jobs.value.length === 0
            ? html`<p class="quiet">None. <a href=${linkTo('query', [], { server: name })}>Run a query as a job</a>.</p>`
            : html`
              <table class="list">
                <thead><tr><th>query</th><th>phase</th><th>made</th><th>took</th><th>result</th><th>deleted on</th><th><span class="visually-hidden">actions</span></th></tr></thead>
                <tbody>
                  ${jobs.value.map(
                    (job) => html`
                      <${JobRow} key=${job.url} server=${name} job=${job} onOpen=${() => setOpened(job)} onAbort=${() => act(job, abortJob)} onDelete=${() => act(job, remove)} />`,
                  )}
                </tbody>
              </table>`
      }
      ${
        opened !== undefined &&
        html`<${JobDialog} job=${opened} onClose=${() => setOpened(undefined)} onChange=${() => act(opened, async () => {})} />`
      }
    </section>` as VNode
}

async function readJobs(service: string, known: Known, signal: AbortSignal): Promise<readonly Job[]> {
  const listed = await listJobs(service, LISTED, signal)
  const urls = [...new Set([...listed, ...rememberedJobs(service)])].slice(0, LISTED)
  const jobs = await Promise.all(urls.map((url) => readUnlessKnown(service, url, known, signal)))
  return jobs.flatMap((job) => job ?? []).sort((a, b) => ((a.created ?? '') < (b.created ?? '') ? 1 : -1))
}

async function readUnlessKnown(
  service: string,
  url: string,
  known: Known,
  signal: AbortSignal,
): Promise<Job | undefined> {
  const found = known.get(url)
  if (found !== undefined && hasEnded(found)) return found
  try {
    const job = await readJob(url, signal)
    known.set(url, job)
    return job
  } catch (error) {
    // Its time was over, or another client has deleted it.
    if (!(error instanceof CallError && (error.status === 404 || error.status === 410))) throw error
    forgetJob(service, url)
    return undefined
  }
}

function JobRow(props: {
  readonly server: string
  readonly job: Job
  readonly onOpen: () => void
  readonly onAbort: () => void
  readonly onDelete: () => void
}): VNode {
  const { server, job, onOpen, onAbort, onDelete } = props
  const { id, runId, phase, query = '', created, started, ended, destruction, error, result, percent } = job
  const until = ended === undefined ? Date.now() : Date.parse(ended)
  const took = started === undefined ? undefined : until - Date.parse(started)
  return html`
    <tr>
      <th scope="row">
        ${runId !== undefined && html`<strong>${runId}</strong> `}<code class="query-text" title=${query}>${query}</code>
        ${error !== undefined && html`<div class="error">${error}</div>`}
      </th>
      <td>
        <span class=${`phase ${phase.toLowerCase()}`}>${phase}</span>
        ${percent !== undefined && !hasEnded(job) && html` <progress max="100" value=${percent} aria-label=${`${percent} percent done`}></progress>`}
      </td>
      <td title=${created}>${formatTime(created)}</td>
      <td>${took === undefined ? '–' : formatDuration(Math.max(took, 0))}</td>
      <td>${result === undefined ? '–' : html`<a href=${linkTo('query', [], { server, job: id })}>show</a> <a href=${result.href} download=${`${id}.vot`}>download${result.bytes !== undefined && ` (${formatBytes(result.bytes)})`}</a>`}</td>
      <td title=${destruction}>${formatTime(destruction)}</td>
      <td><div class="buttons">
        <button class="plain" onClick=${onOpen} aria-label=${`Details of job ${id}`}>Details</button>
        <a class="button" href=${linkTo('query', [], { server, q: query })}>Edit and rerun</a>
        ${
          hasEnded(job)
            ? html`<button class="plain" onClick=${onDelete} aria-label=${`Delete job ${id}`}>Delete</button>`
            : html`<button class="plain" onClick=${onAbort} aria-label=${`Abort job ${id}`}>Abort</button>`
        }
      </div></td>
    </tr>` as VNode
}
