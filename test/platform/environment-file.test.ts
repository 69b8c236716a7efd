import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { loadEnvironment } from '../../shared/deployment/environment-file.ts'
import { connectServers } from '../../shared/deployment/server-connections.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { createTestDatabase } from '../support/postgres.ts'

const lines: string[] = []
const logger = createLogger({ write: (line) => void lines.push(line) })

async function environmentFile(text: string | Uint8Array): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'almagest-environment-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const path = join(directory, 'environment.yaml')
  await writeFile(path, text)
  return path
}

function withServer(url: string, more = ''): string {
  return `tap:\n  servers:\n    tap:\n      schemas: [dp2]\n      database:\n        url: ${url}\n        ${more}\n`
}

describe('the environment file', () => {
  it('is found through ALMAGEST_ENVIRONMENT and read once', async () => {
    const path = await environmentFile(withServer('postgresql://u@localhost/tap'))
    vi.stubEnv('ALMAGEST_ENVIRONMENT', path)
    onTestFinished(() => void vi.unstubAllEnvs())
    const environment = await loadEnvironment(logger)
    expect(environment.file).toBe(path)
    expect([...environment.servers.keys()]).toEqual(['tap'])
    await writeFile(path, 'nonsense: true')
    expect(await loadEnvironment(logger)).toBe(environment)
  })

  it.each(['', ' '])('is asked for when the variable is %j', async (value) => {
    vi.stubEnv('ALMAGEST_ENVIRONMENT', value)
    onTestFinished(() => void vi.unstubAllEnvs())
    await expect(loadEnvironment(logger)).rejects.toThrow(/ALMAGEST_ENVIRONMENT is not set/)
  })

  it('that is missing, a directory or not text is a clear failure', async () => {
    const path = await environmentFile(Buffer.from([0xff, 0xfe, 0]))
    await expect(loadEnvironment(logger, path)).rejects.toThrow(/not text in UTF-8/)
    await expect(loadEnvironment(logger, `${path}.missing`)).rejects.toMatchObject({
      code: 'invalid_environment',
      message: `the environment file ${path}.missing does not exist`,
    })
    await expect(loadEnvironment(logger, join(path, '..'))).rejects.toThrow(/is a directory/)
  })

  it('with several problems reports all of them at once, and is read again when it was mended', async () => {
    const path = await environmentFile('nonsense: true\ntopic: 5\n')
    const failure = await loadEnvironment(logger, path).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'invalid_environment', permanent: true })
    const { problems } = failure as { problems: { line?: number }[] }
    expect(problems.map(({ line }) => line)).toEqual(expect.arrayContaining([1, 2]))
    await writeFile(path, withServer('postgresql://u@localhost/tap'))
    expect((await loadEnvironment(logger, path)).servers.size).toBe(1)
  })
})

describe('the databases of the servers', () => {
  it('are connected to once each, and closed together', async () => {
    const { url } = await createTestDatabase({ initialised: false })
    const environment = await loadEnvironment(logger, await environmentFile(withServer(url)))
    const server = environment.servers.get('tap')!
    const connections = connectServers(environment, { applicationName: 'test', logger })
    const [first, second] = await Promise.all([connections.poolFor(server), connections.poolFor(server)])
    expect(second).toBe(first)
    expect((await first.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    await connections.close()
    expect(first.ended).toBe(true)
    await connections.close()
  })

  it('get their passwords from the secrets directory beside the environment file, also when it is mounted late', async () => {
    const { url } = await createTestDatabase({ initialised: false })
    const text = `secretsDirectory: .\n${withServer(url, 'passwordKey: tap-password')}`
    const path = await environmentFile(text)
    const environment = await loadEnvironment(logger, path)
    const connections = connectServers(environment, { applicationName: 'test', logger })
    onTestFinished(connections.close)
    const server = environment.servers.get('tap')!
    await expect(connections.poolFor(server)).rejects.toMatchObject({ code: 'secret', permanent: false })
    await writeFile(join(path, '..', 'tap-password'), 's3cret\n')
    const pool = await connections.poolFor(server)
    const client = await pool.connect()
    expect(Reflect.get(client, 'password')).toBe('s3cret')
    client.release()
    expect(lines.join()).not.toContain('s3cret')
  })
})
