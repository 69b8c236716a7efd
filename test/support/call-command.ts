import { runAlmagest as run } from '../../cli/commands/program.ts'
import { type CommandResult, MEANINGFUL } from './run-command.ts'

/** Where commands listen for the rest of their process. */
const LISTENED: readonly (readonly [NodeJS.EventEmitter, string])[] = [
  [process, 'SIGINT'],
  [process.stdout, 'error'],
  [process.stderr, 'error'],
]

/**
 * Runs a command of `almagest` within this process: the same as `runAlmagest` of run-command.ts at a fraction of its
 * time, for commands that end by themselves. One at a time: they share the streams of the process.
 */
export async function callAlmagest(args: readonly string[]): Promise<CommandResult> {
  const [stdout, stderr] = [capture(process.stdout), capture(process.stderr)]
  const known = LISTENED.map(([emitter, name]) => emitter.listeners(name))
  const hidden = Object.entries(process.env).filter(([name]) => MEANINGFUL.test(name))
  for (const [name] of hidden) delete process.env[name]
  const before = process.exitCode
  process.exitCode = undefined
  try {
    const code = await run(args)
    const text = stdout.text()
    return { code, stdout: text, stderr: stderr.text(), json: () => JSON.parse(text) }
  } finally {
    process.exitCode = before
    Object.assign(process.env, Object.fromEntries(hidden))
    for (const [index, [emitter, name]] of LISTENED.entries()) {
      const added = emitter.listeners(name).filter((listener) => known[index]?.includes(listener) !== true)
      for (const listener of added) emitter.off(name, listener as () => void)
    }
    stdout.restore()
    stderr.restore()
  }
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
