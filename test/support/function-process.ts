import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'

export const ROOT = resolve(import.meta.dirname, '../..')

const FRAMEWORK = join(ROOT, 'node_modules/@google-cloud/functions-framework/build/src/main.js')

/** A folder beside the bundles: what Node.js has compiled of them. */
export const COMPILE_CACHE = '.compile-cache'

export interface FunctionSource {
  readonly target: string
  /** The file that registers it. */
  readonly source: string
  /** Environment variables, beside those that say what to start. */
  readonly variables?: Readonly<Record<string, string>>
}

export interface FunctionProcess {
  readonly url: string
  readonly child: ChildProcess
  readonly output: () => string
}

/** A function as it is deployed: a process of the functions-framework that loads its file; killed after the test. */
export async function startFunction(source: FunctionSource, environmentFile: string): Promise<FunctionProcess> {
  const started = await spawnFunction(source, environmentFile)
  onTestFinished(() => killFunction(started))
  return started
}

/** The same; killing it is up to the caller. */
export async function spawnFunction(
  { target, source, variables = {} }: FunctionSource,
  environmentFile: string,
): Promise<FunctionProcess> {
  const port = await freePort()
  const { NODE_OPTIONS: _, ...inherited } = process.env
  const cache = join(dirname(source), COMPILE_CACHE)
  const child: ChildProcess = spawn(process.execPath, [FRAMEWORK], {
    cwd: ROOT,
    env: {
      ...inherited,
      ...(existsSync(cache) ? { NODE_COMPILE_CACHE: cache } : {}),
      ...variables,
      PORT: String(port),
      FUNCTION_TARGET: target,
      FUNCTION_SOURCE: source,
      ALMAGEST_ENVIRONMENT: environmentFile,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // Also when the tests are broken off: a process that stands still would stay for ever.
  const kill = () => void child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk
    })
  }
  const ended = new Promise<never>((_, fail) => {
    child.once('exit', (code) => fail(new Error(`the framework ended with ${code}: ${output}`)))
  })
  await Promise.race([ended, untilListening(port)])
  // It may end later, as the test likes.
  ended.catch(() => {})
  return { url: `http://127.0.0.1:${port}`, child, output: () => output }
}

export async function killFunction({ child }: FunctionProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** A process under NODE_ENV=production does not say that it listens. */
async function untilListening(port: number): Promise<void> {
  const isListening = () =>
    new Promise<boolean>((answer) => {
      const probe = connect(port, '127.0.0.1', () => {
        probe.destroy()
        answer(true)
      })
      probe.on('error', () => answer(false))
    })
  while (!(await isListening())) await new Promise((done) => setTimeout(done, 15))
}

/** An environment file of its own for a test. */
export async function writeEnvironment(text: string): Promise<string> {
  const file = join(await temporaryFolder(), 'environment.yaml')
  await writeFile(file, text)
  return file
}

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'almagest-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await once(probe.listen(0, '127.0.0.1'), 'listening')
  const address = probe.address()
  probe.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}
