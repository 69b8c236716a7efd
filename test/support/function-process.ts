import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'

export const ROOT = resolve(import.meta.dirname, '../..')

const FRAMEWORK = join(ROOT, 'node_modules/@google-cloud/functions-framework/build/src/main.js')

export interface FunctionSource {
  readonly target: string
  /** The file that registers it. */
  readonly source: string
}

export interface FunctionProcess {
  readonly url: string
  readonly child: ChildProcess
  readonly output: () => string
}

/** A function as it is deployed: a process of the functions-framework that loads its file; killed after the test. */
export async function startFunction(
  { target, source }: FunctionSource,
  environmentFile: string,
): Promise<FunctionProcess> {
  const port = await freePort()
  const { NODE_OPTIONS: _, ...inherited } = process.env
  const child: ChildProcess = spawn(process.execPath, [FRAMEWORK], {
    cwd: ROOT,
    env: {
      ...inherited,
      PORT: String(port),
      FUNCTION_TARGET: target,
      FUNCTION_SOURCE: source,
      ALMAGEST_ENVIRONMENT: environmentFile,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const listening = Promise.withResolvers<void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk
      if (output.includes(`localhost:${port}`)) listening.resolve()
    })
  }
  child.on('exit', (code) => listening.reject(new Error(`the framework ended with ${code}: ${output}`)))
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  await listening.promise
  return { url: `http://127.0.0.1:${port}`, child, output: () => output }
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
