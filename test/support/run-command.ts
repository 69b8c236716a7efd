import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

export interface RunOptions {
  readonly stdin?: string | Buffer
  /** Added to an environment that holds nothing of Almagest's; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
}

export interface CommandResult {
  /** null: ended by a signal. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** stdout as the one JSON document that `--json` promises. */
  json<T = unknown>(): T
}

export interface RunningCommand {
  readonly child: ChildProcess
  readonly result: Promise<CommandResult>
}

export const PROJECT_ROOT = join(import.meta.dirname, '..', '..')

const ENTRY = join(PROJECT_ROOT, 'cli', 'almagest.js')

/** Runs the real `almagest` as a process of its own, to its end. */
export function runAlmagest(args: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
  return launchAlmagest(args, options).result
}

/** Starts `almagest`, for tests that do something to it while it runs. It does not outlive the test. */
export function startAlmagest(args: readonly string[], options: RunOptions = {}): RunningCommand {
  const running = launchAlmagest(args, options)
  onTestFinished(() => {
    running.child.kill('SIGKILL')
  })
  return running
}

/** A command that hangs is ended, so that the test that waits for it can fail. */
const HANGING_MS = 150_000

/** The same for the tests of a whole file: who starts it ends it. */
export function launchAlmagest(args: readonly string[], options: RunOptions = {}): RunningCommand {
  const { stdin = '', cwd = PROJECT_ROOT } = options
  const child = spawn(process.execPath, [ENTRY, ...args], {
    cwd,
    env: environmentOf(options),
    stdio: 'pipe',
    timeout: HANGING_MS,
    killSignal: 'SIGKILL',
  })
  const stdout = collect(child.stdout)
  const stderr = collect(child.stderr)
  // A command that does not read its input may be gone before it is written.
  child.stdin.on('error', () => {})
  child.stdin.end(stdin)
  const result = new Promise<CommandResult>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      const text = stdout()
      resolve({ code, stdout: text, stderr: stderr(), json: () => JSON.parse(text) })
    })
  })
  return { child, result }
}

/** Variables that would change what the command does. */
const MEANINGFUL = /^(ALMAGEST_|PG|NO_COLOR|FORCE_COLOR|GOOGLE_|NODE_)/

/** The environment of a command: that of the tests without what is meaningful to it, and what the test gives it. */
export function environmentOf({ env = {} }: RunOptions): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !MEANINGFUL.test(name))
  const all = [...inherited, ...Object.entries(env)].filter(([, value]) => value !== undefined)
  return Object.fromEntries(all)
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return () => Buffer.concat(chunks).toString()
}
