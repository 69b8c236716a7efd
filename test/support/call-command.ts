import { Readable } from 'node:stream'
import { runAlmagest as run } from '../../cli/commands/program.ts'
import { type CommandResult, environmentOf, type RunOptions } from './run-command.ts'

/** Where commands listen for the rest of their process. */
const LISTENED: readonly (readonly [NodeJS.EventEmitter, string])[] = [
  [process, 'SIGINT'],
  [process.stdout, 'error'],
  [process.stderr, 'error'],
]

/**
 * Runs a command of `almagest` within this process: the same as `runAlmagest` of run-command.ts at a fraction of its
 * time, for commands that end by themselves. One at a time: they share the streams, the environment and the folder of the
 * process.
 */
export async function callAlmagest(args: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
  const [stdout, stderr] = [capture(process.stdout), capture(process.stderr)]
  const restore = [changeEnvironment(options), feedStdin(options.stdin ?? ''), changeFolder(options.cwd)]
  const known = LISTENED.map(([emitter, name]) => emitter.listeners(name))
  const before = process.exitCode
  process.exitCode = undefined
  try {
    const code = await run(args)
    const text = stdout.text()
    return { code, stdout: text, stderr: stderr.text(), json: () => JSON.parse(text) }
  } finally {
    process.exitCode = before
    for (const [index, [emitter, name]] of LISTENED.entries()) {
      const added = emitter.listeners(name).filter((listener) => known[index]?.includes(listener) !== true)
      for (const listener of added) emitter.off(name, listener as () => void)
    }
    for (const undo of restore) undo()
    stdout.restore()
    stderr.restore()
  }
}

/** Variable by variable: others of the process may hold on to `process.env`. */
function changeEnvironment(options: RunOptions): () => void {
  const before = { ...process.env }
  const become = (wanted: NodeJS.ProcessEnv) => {
    for (const name of Object.keys(process.env)) if (!(name in wanted)) delete process.env[name]
    for (const [name, value] of Object.entries(wanted)) if (process.env[name] !== value) process.env[name] = value
  }
  become(environmentOf(options))
  return () => become(before)
}

function feedStdin(content: string | Buffer): () => void {
  const real = Object.getOwnPropertyDescriptor(process, 'stdin') as PropertyDescriptor
  Object.defineProperty(process, 'stdin', { value: Readable.from([Buffer.from(content)]), configurable: true })
  return () => void Object.defineProperty(process, 'stdin', real)
}

function changeFolder(folder: string | undefined): () => void {
  if (folder === undefined) return () => {}
  const before = process.cwd()
  process.chdir(folder)
  return () => process.chdir(before)
}

function capture(stream: NodeJS.WriteStream) {
  const chunks: Buffer[] = []
  const { write } = stream
  stream.write = (chunk: string | Uint8Array) => {
    chunks.push(Buffer.from(chunk))
    return true
  }
  const restore = () => {
    stream.write = write
  }
  return { text: () => Buffer.concat(chunks).toString(), restore }
}
