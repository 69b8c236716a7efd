import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import { build } from 'esbuild'
import type { LoadReport, LoadTask } from './http-load.ts'
import { percentile } from './measure.ts'

const root = resolve(import.meta.dirname, '..')
const FRAMEWORK = join(root, 'node_modules/@google-cloud/functions-framework/build/src/main.js')

const PATH = '/repertoire/discovery'
const CONNECTIONS = 50
const WARM_UP_MS = 2_000

/** The document of an environment at 50 connections: whole, compressed, and for callers who have it already. */
export async function benchDiscovery(
  environmentFile: string,
  seconds: number,
): Promise<Record<string, Record<string, number>>> {
  const { port, stop } = await serve(join(root, 'functions/discovery/index.ts'), 'discovery', PATH, {
    ALMAGEST_ENVIRONMENT: environmentFile,
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

/** From the start of the process to the first 200, bundled as it is deployed, beside a function that does nothing. */
export async function benchColdStart(environmentFile: string, times: number): Promise<Record<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), 'almagest-bench-'))
  try {
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
    const hello = await bundle(folder, 'hello', HELLO)
    const discovery = await bundle(
      folder,
      'discovery',
      `import ${JSON.stringify(join(root, 'functions/discovery/index.ts'))}`,
    )
    const cache = { NODE_COMPILE_CACHE: join(folder, 'cache') }
    const variants = {
      hello: () => startOnce(hello, 'hello', '/', {}),
      'hello, compile cache': () => startOnce(hello, 'hello', '/', cache),
      discovery: () => startOnce(discovery, 'discovery', PATH, { ALMAGEST_ENVIRONMENT: environmentFile }),
      'discovery, compile cache': () =>
        startOnce(discovery, 'discovery', PATH, { ALMAGEST_ENVIRONMENT: environmentFile, ...cache }),
    }
    const measured = new Map<string, number[]>(Object.keys(variants).map((name) => [name, []]))
    // Turn by turn, so that whatever else the machine does meets all. The first turn fills the caches.
    for (let turn = 0; turn <= times; turn++) {
      for (const [name, start] of Object.entries(variants)) {
        const taken = await start()
        if (turn > 0) measured.get(name)?.push(taken)
      }
    }
    const medians = [...measured].map(([name, values]) => [name, percentile(values, 0.5)] as const)
    const base = medians[0]?.[1] ?? Number.NaN
    return Object.fromEntries([
      ...medians.map(([name, median]) => [`${name}, median ms`, median]),
      ...medians.slice(1).map(([name, median]) => [`${name} / hello`, median / base]),
    ])
  } finally {
    await rm(folder, { recursive: true })
  }
}

const HELLO = `
import { http } from '@google-cloud/functions-framework'
http('hello', (_request, response) => response.send('hello'))`

async function bundle(folder: string, name: string, source: string): Promise<string> {
  const outdir = join(folder, name)
  await mkdir(outdir)
  await writeFile(join(outdir, 'package.json'), '{"type":"module"}')
  await build({
    stdin: { contents: source, resolveDir: root, sourcefile: `${name}.ts`, loader: 'ts' },
    outdir,
    entryNames: 'index',
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: ['@google-cloud/functions-framework'],
    banner: {
      js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
    },
    logLevel: 'error',
  })
  return join(outdir, 'index.js')
}

type Variables = Readonly<Record<string, string>>

async function startOnce(source: string, target: string, path: string, variables: Variables): Promise<number> {
  const started = performance.now()
  const { stop } = await serve(source, target, path, variables)
  const taken = performance.now() - started
  await stop()
  return taken
}

/** Starts a process of the functions-framework and waits for its first 200. */
async function serve(source: string, target: string, path: string, variables: Variables) {
  const port = await freePort()
  const child: ChildProcess = spawn(process.execPath, [FRAMEWORK], {
    cwd: root,
    env: {
      ...process.env,
      PORT: String(port),
      FUNCTION_TARGET: target,
      FUNCTION_SOURCE: source,
      ...variables,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const stop = async () => {
    if (child.exitCode !== null) return
    const exited = once(child, 'exit')
    // A process writes its compile cache when it ends by itself.
    child.kill('SIGTERM')
    await exited
  }
  const until = Date.now() + 30_000
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => null)
    await answer?.arrayBuffer()
    if (answer?.status === 200) return { port, stop }
    if (child.exitCode !== null || Date.now() > until) {
      await stop()
      throw new Error(`${target} does not come up: ${answer?.status ?? 'no answer'}`)
    }
    await new Promise((done) => setTimeout(done, 2))
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

async function freePort(): Promise<number> {
  const probe = createServer()
  await once(probe.listen(0, '127.0.0.1'), 'listening')
  const address = probe.address()
  await new Promise((done) => probe.close(done))
  return typeof address === 'object' && address !== null ? address.port : 0
}
