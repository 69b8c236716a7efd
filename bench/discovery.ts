import { join, resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { LoadReport, LoadTask } from './http-load.ts'
import { percentile } from './measure.ts'
import { serve } from './serve.ts'

const root = resolve(import.meta.dirname, '..')

const PATH = '/repertoire/discovery'
const CONNECTIONS = 50
const WARM_UP_MS = 2_000

/** The document of an environment at 50 connections: whole, compressed, and for callers who have it already. */
export async function benchDiscovery(
  environmentFile: string,
  seconds: number,
): Promise<Record<string, Record<string, number>>> {
  const { port, stop } = await serve({
    folder: root,
    script: join(root, 'node_modules', '.bin', 'functions-framework'),
    variables: {
      FUNCTION_TARGET: 'discovery',
      FUNCTION_SOURCE: join(root, 'functions', 'discovery', 'index.ts'),
      ALMAGEST_ENVIRONMENT: environmentFile,
    },
    request: { path: PATH },
  })
  try {
    const { etag } = await describe(port)
    return {
      'discovery, plain': await measure(port, {}, seconds),
      'discovery, br': await measure(port, { 'accept-encoding': 'br' }, seconds),
      'discovery, 304': await measure(port, { 'if-none-match': etag }, seconds),
    }
  } finally {
    await stop()
  }
}

async function describe(port: number): Promise<{ readonly etag: string }> {
  const answer = await fetch(`http://127.0.0.1:${port}${PATH}`, { headers: { 'accept-encoding': 'identity' } })
  await answer.arrayBuffer()
  return { etag: answer.headers.get('etag') ?? '' }
}

async function measure(port: number, headers: Readonly<Record<string, string>>, seconds: number) {
  const from = Date.now() + WARM_UP_MS
  const task: LoadTask = { port, path: PATH, headers, connections: CONNECTIONS, from, until: from + seconds * 1000 }
  const { latencies, statuses, bytes } = await loadIn(task)
  return {
    connections: CONNECTIONS,
    seconds,
    'requests/s': Math.round(latencies.length / seconds),
    'bytes each': Math.round(bytes / latencies.length),
    'p50 ms': percentile(latencies, 0.5),
    'p99 ms': percentile(latencies, 0.99),
    ...Object.fromEntries(Object.entries(statuses).map(([status, count]) => [`answered ${status}`, count])),
  }
}

function loadIn(task: LoadTask): Promise<LoadReport> {
  return new Promise((done, fail) => {
    const worker = new Worker(new URL('./http-load.ts', import.meta.url), { workerData: task })
    worker.once('message', done).once('error', fail)
  })
}
