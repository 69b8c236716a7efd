import { join, resolve } from 'node:path'
import type { LoadReport, LoadTask } from './http-load.ts'
import { loadIn } from './load-in.ts'
import { percentile } from './measure.ts'
import { type Serving, serve } from './serve.ts'

const root = resolve(import.meta.dirname, '..')

const PATH = '/repertoire/discovery'
const CONNECTIONS = 50
const WARM_UP_SECONDS = 3
/** Until the worker runs and its connections are open. */
const CONNECTING_MS = 300

/**
 * The document of an environment at 50 connections: whole, compressed, and for callers who have it already. Beside it a
 * function of one line under the same framework. They are loaded in turn, a second each, for the machine may be busier
 * at one time than at another: `/ hello` is the median of the turns.
 */
export async function benchDiscovery(
  environmentFile: string,
  seconds: number,
): Promise<Record<string, Record<string, number>>> {
  const hello = await serveFunction('hello', join(root, 'bench', 'hello.ts'), '/')
  const discovery = await serveFunction('discovery', join(root, 'functions', 'discovery', 'index.ts'), PATH, {
    ALMAGEST_ENVIRONMENT: environmentFile,
  }).catch(async (error: unknown) => {
    await hello.stop()
    throw error
  })
  try {
    const { etag } = await describe(discovery.port)
    const loads: readonly Load[] = [
      { title: 'hello', port: hello.port, path: '/', headers: {} },
      { title: 'discovery, plain', port: discovery.port, path: PATH, headers: {} },
      { title: 'discovery, br', port: discovery.port, path: PATH, headers: { 'accept-encoding': 'br' } },
      { title: 'discovery, 304', port: discovery.port, path: PATH, headers: { 'if-none-match': etag } },
    ]
    for (const load of loads) await loadFor(load, WARM_UP_SECONDS)
    const turns: LoadReport[][] = []
    for (let turn = 0; turn < seconds; turn++) {
      const reports: LoadReport[] = []
      for (const load of loads) reports.push(await loadFor(load, 1))
      turns.push(reports)
    }
    return Object.fromEntries(loads.map(({ title }, index) => [title, summarise(turns, index)]))
  } finally {
    await discovery.stop()
    await hello.stop()
  }
}

interface Load extends Pick<LoadTask, 'port' | 'path' | 'headers'> {
  readonly title: string
}

function serveFunction(
  target: string,
  source: string,
  path: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<Serving> {
  return serve({
    folder: root,
    script: join(root, 'node_modules', '.bin', 'functions-framework'),
    variables: { FUNCTION_TARGET: target, FUNCTION_SOURCE: source, ...variables },
    request: { path },
  })
}

async function describe(port: number): Promise<{ readonly etag: string }> {
  const answer = await fetch(`http://127.0.0.1:${port}${PATH}`, { headers: { 'accept-encoding': 'identity' } })
  await answer.arrayBuffer()
  return { etag: answer.headers.get('etag') ?? '' }
}

/** What the load at the index gave in all turns, beside the first one. */
function summarise(turns: readonly (readonly LoadReport[])[], index: number): Record<string, number> {
  const reports = turns.flatMap((reports) => reports[index] ?? [])
  const latencies = reports.flatMap((report) => report.latencies)
  const bytes = reports.reduce((sum, report) => sum + report.bytes, 0)
  const ratios = turns.map((reports) => rateOf(reports[index]) / rateOf(reports[0]))
  const statuses: Record<string, number> = {}
  for (const [status, count] of reports.flatMap((report) => Object.entries(report.statuses))) {
    statuses[`answered ${status}`] = (statuses[`answered ${status}`] ?? 0) + count
  }
  return {
    connections: CONNECTIONS,
    seconds: turns.length,
    'requests/s': Math.round(latencies.length / turns.length),
    ...(index === 0 ? {} : { '/ hello': percentile(ratios, 0.5) }),
    'bytes each': Math.round(bytes / latencies.length),
    'p50 ms': percentile(latencies, 0.5),
    'p99 ms': percentile(latencies, 0.99),
    ...statuses,
  }
}

function rateOf(report: LoadReport | undefined): number {
  return report?.latencies.length ?? Number.NaN
}

function loadFor({ port, path, headers }: Load, seconds: number): Promise<LoadReport> {
  const from = Date.now() + CONNECTING_MS
  return loadIn({ port, path, headers, connections: CONNECTIONS, from, until: from + seconds * 1000 })
}
