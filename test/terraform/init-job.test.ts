// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of HCL are quoted here
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readConfiguration } from '../../cli/terraform/configuration.ts'

const root = join(import.meta.dirname, '..', '..')
const PASSWORD_REQUEST = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3])

/** What a client says first, and to a request for its password: "Message formats" of PostgreSQL's protocol. */
interface Login {
  readonly startup: string
  readonly password: string
}

/** Listens where Cloud Run puts the socket of an instance; the login that was heard comes out of `heard`. */
async function listen(folder: string): Promise<{ readonly heard: Promise<Login> }> {
  const { promise: heard, resolve } = Promise.withResolvers<Login>()
  const server = createServer((socket: Socket) => {
    socket.on('error', () => {})
    socket.once('data', (startup) => {
      socket.write(PASSWORD_REQUEST)
      socket.once('data', (password) => {
        resolve({ startup: startup.toString('latin1'), password: password.toString('latin1') })
        socket.destroy()
      })
    })
  })
  await new Promise<void>((listening) => server.listen(join(folder, '.s.PGSQL.5432'), listening))
  onTestFinished(() => void server.close())
  return { heard }
}

test('the init job logs in over the socket of Cloud Run, with the password of the secret', async () => {
  const blocks = (await readConfiguration(join(root, 'terraform'))).flatMap((module) => module.blocks)
  const job = JSON.stringify(blocks.find(({ labels }) => labels[0] === 'google_cloud_run_v2_job')!.body)
  const [, template] = /"name":"ALMAGEST_DATABASE_URL","value":"([^"]+)"/.exec(job)!
  expect(job).toContain('"name":"PGPASSWORD"')
  const user = blocks.find(({ labels }) => labels.join('.') === 'google_sql_user.init')!.body.name

  const scratch = await mkdtemp(join(tmpdir(), 'almagest-'))
  onTestFinished(() => rm(scratch, { recursive: true, force: true }))
  const socketFolder = join(scratch, 'p:r:i')
  await mkdir(socketFolder)
  const { heard } = await listen(socketFolder)
  const url = template!
    .replace('${each.value}', 'tap')
    .replace('/cloudsql/${local.connection_name}', socketFolder)
    .replace('${google_sql_user.init.name}', String(user))
  expect(url).not.toContain('${')

  const child = spawn(process.execPath, [join(root, 'cli', 'almagest.js'), 'init', '--operator', 'swap-schema@p.iam'], {
    env: { ...process.env, ALMAGEST_DATABASE_URL: url, PGPASSWORD: 's3cret' },
    stdio: 'ignore',
  })
  onTestFinished(() => void child.kill())
  const { startup, password } = await heard
  expect(startup).toContain('user\0almagest_init\0database\0tap\0')
  expect(password).toContain('s3cret\0')
})
