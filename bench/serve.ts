import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'

/** A process that answers HTTP on the port `PORT`. */
export interface Service {
  readonly folder: string
  /** What node runs, and how. */
  readonly script: string
  readonly flags?: readonly string[]
  readonly variables?: Readonly<Record<string, string>>
  /** What is asked first. */
  readonly request: ServiceRequest
}

export interface ServiceRequest {
  readonly path: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** The status that an answer must have to be one; default 200. */
  readonly status?: number
}

export interface Serving {
  readonly port: number
  readonly pid: number
  /** From the start of the process to the end of its first answer. */
  readonly firstAnswerMs: number
  /** Resident memory just after it; NaN where the system does not tell. */
  readonly rssMiB: number
  /** At once (SIGKILL), so that nothing is written any more; with SIGTERM it writes its compile cache. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** How often the port is tried until it is there. */
const POLL_MS = 1
const GIVE_UP_MS = 30_000

/**
 * Starts a process and waits for its first answer.
 *
 * @throws Error when it ends before, gives another answer, or none at all
 */
export async function serve({ folder, script, flags = [], variables = {}, request }: Service): Promise<Serving> {
  const port = await freePort()
  const { NODE_COMPILE_CACHE: _cache, NODE_OPTIONS: _options, ...inherited } = process.env
  const started = performance.now()
  const child: ChildProcess = spawn(process.execPath, [...flags, script], {
    cwd: folder,
    env: { ...inherited, NODE_ENV: 'production', PORT: String(port), ...variables },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const stop = async (signal: NodeJS.Signals = 'SIGKILL') => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }
  try {
    await askUntilAnswered(`http://127.0.0.1:${port}`, request, () => {
      if (child.exitCode !== null) throw new Error(`${script} ended with ${child.exitCode}`)
      if (performance.now() - started > GIVE_UP_MS) throw new Error(`${script} does not answer`)
    })
  } catch (error) {
    await stop()
    throw error
  }
  return { port, pid: child.pid ?? 0, firstAnswerMs: performance.now() - started, rssMiB: residentMiB(child.pid), stop }
}

async function askUntilAnswered(origin: string, request: ServiceRequest, check: () => void): Promise<void> {
  const { path, status = 200, method = 'GET', headers = {}, body = null } = request
  for (;;) {
    const answer = await fetch(`${origin}${path}`, { method, headers, body }).catch(() => null)
    if (answer !== null) {
      const text = await answer.text()
      if (answer.status === status) return
      throw new Error(`${method} ${path} was answered with ${answer.status}, not ${status}: ${text.slice(0, 500)}`)
    }
    check()
    await new Promise((done) => setTimeout(done, POLL_MS))
  }
}

function residentMiB(pid: number | undefined): number {
  if (process.platform !== 'linux') return Number.NaN
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(found?.[1]) / 1024
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await once(probe.listen(0, '127.0.0.1'), 'listening')
  const address = probe.address()
  await new Promise((done) => probe.close(done))
  return typeof address === 'object' && address !== null ? address.port : 0
}
