import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { ServerConfig } from '../config.ts'
import { formatCount, formatDuration } from '../format.ts'
import { rememberJob } from '../jobs/remembered-jobs.ts'
import { readJob } from '../jobs/uws.ts'
import { Notice, Waiting } from '../notice.ts'
import { usePolled } from '../polled.ts'
import { linkTo, type ViewProps } from '../route.ts'
import { checkQuery, type Mark, markOf } from './check-query.ts'
import { completeFrom } from './completion.ts'
import { Downloads } from './downloads.ts'
import { type Edit, Editor } from './editor.ts'
import { Examples } from './examples.ts'
import { readOwnTables } from './own-tables.ts'
import { ResultPanel } from './result-panel.ts'
import { type ResultTable, readResult, runSync, submit } from './run-query.ts'
import { SchemaBrowser } from './schema-browser.ts'
import { readCatalogue } from './tables.ts'

/** A swap brings other tables: they are read again from time to time. */
const CATALOGUE_MS = 120_000
const OWN_TABLES_MS = 20_000
const ROWS: readonly number[] = [100, 1_000, 10_000, 100_000]

/** An editor for queries, what can be asked, and what came of it. */
export function QueryView({ config, place }: ViewProps): VNode {
  const { servers } = config
  const server = servers.find(({ name }) => name === place.query.get('server')) ?? servers[0]
  if (server === undefined)
    return html`<${Notice} kind="info">No TAP server of this environment has a service.<//>` as VNode
  return html`<${QueryOf} key=${server.name} config=${config} place=${place} server=${server} />` as VNode
}

type Run =
  | { readonly kind: 'idle' }
  | { readonly kind: 'running'; readonly since: number; readonly cancel: () => void; readonly table?: ResultTable }
  | { readonly kind: 'done'; readonly tookMs: number; readonly table: ResultTable }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'submitted' }

function QueryOf({ config, place, server }: ViewProps & { readonly server: ServerConfig }): VNode {
  const { name, url, keepsTables } = server
  const [text, setText] = useStored(`almagest query ${name}`, place.query.get('q'))
  const [maxRec, setMaxRec] = useState(1_000)
  const [run, setRun] = useState<Run>({ kind: 'idle' })
  const [refused, setRefused] = useState<{ readonly text: string; readonly mark: Mark } | undefined>()
  const [edit, setEdit] = useState<Edit | undefined>()
  const catalogue = usePolled((signal) => readCatalogue(url, signal), CATALOGUE_MS, [url])
  const own = usePolled(async (signal) => (keepsTables ? readOwnTables(url, signal) : null), OWN_TABLES_MS, [url])
  const names = own.value?.tables.map(({ table }) => table).join()
  const namesBefore = useRef(names)
  // What is new can be completed at once, and is not marked as unknown.
  useEffect(() => {
    if (namesBefore.current !== undefined && names !== namesBefore.current) catalogue.refresh()
    namesBefore.current = names
  }, [names])
  const check = useMemo(
    () => (query: string) => (refused?.text === query ? refused.mark : checkQuery(query, catalogue.value)),
    [catalogue.value, refused],
  )
  const complete = useMemo(() => completeFrom(catalogue.value), [catalogue.value])
  const running = useRef<AbortController | undefined>(undefined)
  useEffect(() => () => running.current?.abort(), [])
  const work = async (read: (signal: AbortSignal, show: (table: ResultTable) => void) => Promise<ResultTable>) => {
    running.current?.abort()
    const controller = new AbortController()
    running.current = controller
    const since = performance.now()
    const cancel = () => controller.abort()
    setRefused(undefined)
    setRun({ kind: 'running', since, cancel })
    try {
      const table = await read(controller.signal, (part) => setRun({ kind: 'running', since, cancel, table: part }))
      setRun({ kind: 'done', tookMs: performance.now() - since, table })
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      // Another query has taken its place, or nobody wants it any more.
      if (running.current !== controller) return
      if (controller.signal.aborted) return setRun({ kind: 'idle' })
      setRun({ kind: 'failed', message })
      const mark = markOf(message, text)
      if (mark !== undefined) setRefused({ text, mark })
    }
  }
  const runNow = () => {
    if (text.trim() !== '') void work((signal, show) => runSync(url, { adql: text, maxRec }, signal, show))
  }
  const submitJob = async () => {
    try {
      rememberJob(url, await submit(url, { adql: text, maxRec }))
      setRun({ kind: 'submitted' })
    } catch (error) {
      setRun({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
    }
  }
  const job = place.query.get('job')
  // The result of a job is read once, when its address is opened
  useEffect(() => {
    if (job === null) return
    void work(async (signal, show) => {
      const { query, result, phase } = await readJob(`${url}/async/${encodeURIComponent(job)}`, signal)
      if (query !== undefined) setEdit({ text: query, where: 'all' })
      if (result === undefined) throw new Error(`the job is ${phase}: it has no result`)
      return readResult(result.href, signal, show)
    })
  }, [job])
  const insert = (piece: string) => setEdit({ text: piece, where: 'cursor' })
  return html`
    <div class="query">
      ${
        catalogue.value === undefined
          ? html`<aside class="browser"><${Waiting} what="the tables" error=${catalogue.error} /></aside>`
          : html`<${SchemaBrowser} catalogue=${catalogue.value} own=${own.value ?? null} onInsert=${insert} />`
      }
      <div class="workspace">
        <div class="controls">
          <${ServerChoice} servers=${config.servers} name=${name} />
          <${Examples} url=${url} onChoose=${(query: string) => setEdit({ text: query, where: 'all' })} />
        </div>
        <${Editor} text=${text} check=${check} complete=${complete} onChange=${setText} onRun=${runNow} edit=${edit} />
        <div class="controls">
          ${
            run.kind === 'running'
              ? html`<button onClick=${run.cancel}>Cancel</button>`
              : html`<button onClick=${runNow} disabled=${text.trim() === ''} title="Ctrl-Enter">Run</button>`
          }
          <button class="plain" onClick=${submitJob} disabled=${text.trim() === ''}>Run as a job</button>
          <label>rows at most
            <select value=${String(maxRec)} onChange=${(event: Event) => setMaxRec(Number((event.currentTarget as HTMLSelectElement).value))}>
              ${ROWS.map((rows) => html`<option value=${String(rows)}>${formatCount(rows)}</option>`)}
            </select>
          </label>
          <${Downloads} url=${url} adql=${text} formats=${catalogue.value?.formats ?? []} />
        </div>
        <${Outcome} run=${run} />
        ${(run.kind === 'done' || run.kind === 'running') && run.table !== undefined && html`<${ResultPanel} table=${run.table} config=${config} />`}
      </div>
    </div>` as VNode
}

function Outcome({ run }: { readonly run: Run }): VNode | null {
  switch (run.kind) {
    case 'idle':
      return null
    case 'running':
      return html`<p class="waiting" role="status">${run.table === undefined ? 'Running …' : `${formatCount(run.table.rows.length)} rows so far …`}</p>` as VNode
    case 'failed':
      return html`<${Notice} kind="error">${run.message}<//>` as VNode
    case 'submitted':
      return html`<${Notice} kind="good">The query runs as a job: see <a href=${linkTo('jobs')}>Jobs</a>.<//>` as VNode
    case 'done': {
      const { rows, isOverflow } = run.table
      return html`
        <${Notice} kind=${isOverflow ? 'info' : 'good'}>
          ${formatCount(rows.length)} ${rows.length === 1 ? 'row' : 'rows'} in ${formatDuration(run.tookMs)}${isOverflow && '; there are more than were asked for'}.
        <//>` as VNode
    }
  }
}

function ServerChoice({ servers, name }: { readonly servers: readonly ServerConfig[]; readonly name: string }): VNode {
  const choose = (event: Event) => {
    location.hash = linkTo('query', [], { server: (event.currentTarget as HTMLSelectElement).value })
  }
  return html`
    <label>TAP service
      <select value=${name} onChange=${choose}>${servers.map((server) => html`<option value=${server.name}>${server.name}</option>`)}</select>
    </label>` as VNode
}

/** Text that is there again after the page was left. */
function useStored(key: string, given: string | null): [string, (text: string) => void] {
  const [text, setText] = useState(() => given ?? read(key))
  const set = (value: string) => {
    setText(value)
    try {
      localStorage.setItem(key, value)
    } catch {
      // Storage can be switched off.
    }
  }
  return [text, set]
}

function read(key: string): string {
  try {
    return localStorage.getItem(key) ?? ''
  } catch {
    return ''
  }
}
