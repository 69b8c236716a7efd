import { type ChildProcess, spawn } from 'node:child_process'
import { Failure } from '../shared/failure.ts'

export interface ServerUser {
  readonly uid?: number
  readonly gid?: number
}

/** PostgreSQL has ended, and nobody has stopped it. */
export class PostgresEndedError extends Failure {
  constructor(cause: string, lastLines: string) {
    const log = lastLines === '' ? '' : `; its last words: ${lastLines}`
    super('unavailable', 'postgres_ended', `PostgreSQL has ended by itself (${cause})${log}`)
  }
}

export interface ServerRequest {
  readonly program: string
  readonly dataDirectory: string
  readonly port: number
  readonly user: ServerUser
  readonly settings: Readonly<Record<string, string>>
}

export interface RunningServer {
  /** Resolves when it ends although nobody has stopped it. */
  readonly ended: Promise<PostgresEndedError>
  stop(): Promise<void>
}

/** Starts the server on an initialised data directory, and waits until it accepts connections. */
export async function launchServer({
  program,
  dataDirectory,
  port,
  user,
  settings,
}: ServerRequest): Promise<RunningServer> {
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const child = spawn(program, ['-D', dataDirectory, '-p', String(port), ...flags], {
    ...user,
    cwd: dataDirectory,
    // A Ctrl-C in the terminal reaches the whole process group; the server must only stop when its owner says so.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const output = collectOutput(child)
  await new Promise<void>((ready, fail) => {
    child.once('error', fail)
    child.once('exit', (code) => fail(new Error(`postgres ended with ${code} while starting: ${output()}`)))
    child.stderr?.on('data', () => {
      if (/ready to accept (read-only )?connections/.test(output())) ready()
    })
  })
  child.removeAllListeners('exit')
  let isStopping = false
  const ended = new Promise<PostgresEndedError>((tell) => {
    child.once('exit', (code, signal) => {
      if (isStopping) return
      const say = () => tell(new PostgresEndedError(signal ?? `exit code ${code}`, lastLines(output())))
      // Its last words may still be on their way, and its sessions may hold the pipe open for longer.
      child.once('close', say)
      setTimeout(say, LAST_WORDS_MS).unref()
    })
  })
  return {
    ended,
    stop() {
      isStopping = true
      return stopServer(child)
    },
  }
}

/** What a child process writes, as far as it is of interest: the end. */
export function collectOutput(child: ChildProcess): () => string {
  let text = ''
  const keep = (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-20_000)
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  return () => text
}

const LAST_LINES = 3
const LAST_WORDS_MS = 500

function lastLines(text: string): string {
  return text.trimEnd().split('\n').slice(-LAST_LINES).join(' / ')
}

/** SIGINT is PostgreSQL's fast shutdown: clients are disconnected, data is safe. */
async function stopServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const gone = new Promise<void>((done) => server.once('exit', () => done()))
  server.kill('SIGINT')
  const impatient = setTimeout(() => server.kill('SIGQUIT'), 10_000)
  await gone
  clearTimeout(impatient)
}
