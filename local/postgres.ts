import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, chown, cp, lstat, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { findPrograms, type Programs } from './postgres-programs.ts'
import { collectOutput, launchServer, type PostgresEndedError, type ServerUser } from './postgres-server.ts'

export interface LocalPostgres {
  /** Superuser connection URL of the `postgres` database; logins need no password, and only loopback is listened on. */
  readonly url: string
  readonly port: number
  readonly dataDirectory: string
  /** Whether the cluster was made by this start. */
  readonly created: boolean
  /** Process id of a server of an earlier run that was stopped first; null: there was none. */
  readonly stoppedLeftover: number | null
  /** Resolves when the server ends although nobody has stopped it. */
  readonly ended: Promise<PostgresEndedError>
  stop(): Promise<void>
}

export interface LocalPostgresOptions {
  /** Kept between runs; null: a temporary folder that goes when the server stops. */
  readonly stateDirectory: string | null
  /** Faster and not crash-safe: for tests. */
  readonly unsafe?: boolean
  readonly settings?: Readonly<Record<string, string>>
  /** Default: a free one. */
  readonly port?: number
}

/**
 * Starts the PostgreSQL that comes with the packages, on a port of 127.0.0.1.
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
    const stoppedLeftover = await stopLeftover(dataDirectory)
    const created = !(await exists(join(dataDirectory, 'PG_VERSION')))
    if (created) await initialise(programs, dataDirectory, user)
    const port = options.port ?? (await usualPort(options.stateDirectory))
    const server = await launchServer({
      program: programs.postgres,
      dataDirectory,
      port,
      user,
      settings: settingsOf(options),
    })
    const stop = async () => {
      await server.stop()
      await scratch.remove()
    }
    const url = `postgresql://postgres@127.0.0.1:${port}/postgres`
    return { url, port, dataDirectory, created, stoppedLeftover, ended: server.ended, stop }
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

async function reachablePrograms(user: ServerUser, scratch: Scratch): Promise<Programs> {
  const installed = await findPrograms()
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

/**
 * A server of an earlier run that was killed without a chance to stop: same data directory, so it must go first.
 *
 * @returns its process id
 */
async function stopLeftover(dataDirectory: string): Promise<number | null> {
  const content = await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8').catch(() => '')
  const pid = Number(content.split('\n', 1)[0])
  if (!Number.isInteger(pid) || pid <= 0 || !isRunning(pid)) return null
  // The number may belong to another process by now. Where that cannot be told, PostgreSQL itself will refuse to start.
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => commandOf(pid))
  if (!command.includes(dataDirectory)) return null
  process.kill(pid, 'SIGINT')
  for (let tries = 0; tries < 100 && isRunning(pid); tries++) await new Promise((done) => setTimeout(done, 100))
  return pid
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
  const output = collectOutput(child)
  const code = await new Promise<number | null>((done, fail) => child.once('error', fail).once('close', done))
  if (code !== 0) throw new Error(`initdb ended with ${code}: ${output()}`)
}

function settingsOf(options: LocalPostgresOptions): Readonly<Record<string, string>> {
  return {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    ...(options.unsafe === true && { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    ...options.settings,
  }
}

const PORT_FILE = 'postgres.port'

/** The port of the last start, so that what was pointed at it still fits; another one where somebody has it now. */
async function usualPort(stateDirectory: string | null): Promise<number> {
  if (stateDirectory === null) return freePort()
  const file = join(stateDirectory, PORT_FILE)
  const before = Number(await readFile(file, 'utf8').catch(() => ''))
  const port = Number.isInteger(before) && before > 1023 && before < 65_536 ? await freePort(before) : await freePort()
  await mkdir(stateDirectory, { recursive: true })
  await writeFile(file, `${port}\n`)
  return port
}

/** @param wish the port that is wanted, if it is free */
async function freePort(wish = 0): Promise<number> {
  const server = createServer()
  const isFree = await new Promise<boolean>((done, fail) => {
    server.once('error', (error) => (wish === 0 ? fail(error) : done(false)))
    server.listen(wish, '127.0.0.1', () => done(true))
  })
  if (!isFree) return freePort()
  const address = server.address()
  await new Promise((done) => server.close(done))
  if (address === null || typeof address === 'string') throw new Error('the system gave no port')
  return address.port
}
