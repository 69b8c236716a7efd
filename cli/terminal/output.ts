import { escapeJson, showControls } from '../../shared/printable.ts'
import { OK } from './exit-codes.ts'
import { spellCommands } from './spelling.ts'

/** A reader that closes early (`almagest … | head`) is no failure: the command ends quietly. */
export function guardOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      // Whoever listens to SIGTERM has something to stop first.
      if (process.listenerCount('SIGTERM') === 0) process.exit(process.exitCode ?? OK)
      process.kill(process.pid, 'SIGTERM')
    })
  }
}

export interface OutputOptions {
  readonly json?: boolean
}

/** The result of a command: one JSON document, or the text that `describe` makes of it, in which no foreign text steers. */
export function writeResult<T>(result: T, { json = false }: OutputOptions, describe: (result: T) => string): void {
  if (json) writeJson(result)
  else process.stdout.write(ensureNewline(describe(result)))
}

export function writeJson(value: unknown): void {
  process.stdout.write(`${escapeJson(JSON.stringify(value, null, 2))}\n`)
}

/** A line for the person at the terminal, beside the result. What comes from files or servers cannot steer the terminal. */
export function writeNote(line: string): void {
  writeError(`${showControls(spellCommands(line))}\n`)
}

export function writeError(text: string): void {
  process.stderr.write(text)
}

function ensureNewline(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}
