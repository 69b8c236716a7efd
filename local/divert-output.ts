import { closeSync, openSync, renameSync, statSync, writeSync } from 'node:fs'
import { format } from 'node:util'

export interface Diversion {
  /** Writes to the terminal. */
  readonly print: (text: string) => void
  restore(): void
}

/** A log that has grown beyond this begins anew; the former one is kept beside it. */
const LOG_LIMIT = 16 * 1024 * 1024

/**
 * Sends what is written to stdout, and through `console`, into a file. In the cloud the functions write their log to
 * stdout, one JSON object a line, and the framework adds what they throw; here they share the process with what talks to
 * the person at the terminal.
 */
export function divertOutput(file: string): Diversion {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > LOG_LIMIT) renameSync(file, `${file}.old`)
  const log = openSync(file, 'a')
  const { stdout } = process
  const write = stdout.write
  stdout.write = (chunk: string | Uint8Array, encoding?: unknown, callback?: unknown) => {
    writeQuietly(log, chunk)
    const done = typeof encoding === 'function' ? encoding : callback
    if (typeof done === 'function') process.nextTick(done)
    return true
  }
  const former = METHODS.map(({ method, severity }) => {
    const original = console[method]
    console[method] = (...values: unknown[]) => {
      writeQuietly(log, `${JSON.stringify({ severity, time: new Date(), message: format(...values) })}\n`)
    }
    return { method, original }
  })
  const restore = () => {
    stdout.write = write
    for (const { method, original } of former) console[method] = original
    closeSync(log)
  }
  return { print: (text) => void write.call(stdout, text), restore }
}

const METHODS = [
  { method: 'log', severity: 'INFO' },
  { method: 'warn', severity: 'WARNING' },
  { method: 'error', severity: 'ERROR' },
] as const

/** A full disk must not stop the functions. */
function writeQuietly(log: number, chunk: string | Uint8Array): void {
  try {
    writeSync(log, Buffer.from(chunk as string))
  } catch {
    // The line is lost, as it would be on a full disk anywhere.
  }
}
