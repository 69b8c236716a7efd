import { writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { defaultPath, loadEnvironment } from '../../shared/deployment/environment-file.ts'
import { ENVIRONMENT_HEADER, serveEnvironment } from '../../shared/deployment/serve-environment.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { openBucket } from '../../shared/platform/storage/objects.ts'
import { startFakeGcs } from '../support/fake-gcs.ts'
import { temporaryFolder } from '../support/function-process.ts'

const lines: string[] = []
const logger = createLogger({ format: 'text', minimum: 'INFO', write: (line) => void lines.push(line) })

const text = (...servers: readonly string[]) =>
  `tap:\n  servers:\n${servers.map((name) => `    ${name}: {schemas: [a], databaseUrl: 'postgresql://h/${name}'}\n`).join('')}`

/** A function that answers with the names of its servers. */
async function serve(path: string, lookMs = 0) {
  const before = process.env.ALMAGEST_ENVIRONMENT
  process.env.ALMAGEST_ENVIRONMENT = path
  let made = 0
  const make = async () => {
    made += 1
    const { servers } = await loadEnvironment(logger)
    if (servers.has('broken')) throw new Error('cannot be put together')
    return (_request: IncomingMessage, _response: ServerResponse) => [...servers.keys()].join()
  }
  const answer = await serveEnvironment(make, { logger, lookMs })
  // Another function of the same process may have a file of its own.
  process.env.ALMAGEST_ENVIRONMENT = before ?? ''
  const ask = async () => {
    const headers = new Map<string, string>()
    const response = { setHeader: (name: string, value: string) => headers.set(name, value) }
    return { servers: await answer({} as IncomingMessage, response as never), version: headers.get(ENVIRONMENT_HEADER) }
  }
  return { ask, made: () => made }
}

test('a file that changes is used from the next request on; one that cannot be used changes nothing', async () => {
  const path = join(await temporaryFolder(), 'environment.yaml')
  await writeFile(path, text('one'))
  const { ask, made } = await serve(path)
  const first = await ask()
  expect(first).toEqual({ servers: 'one', version: expect.stringMatching(/^[0-9a-f]{12}$/) })
  await writeFile(path, text('one', 'two'))
  const second = await ask()
  expect(second.servers).toBe('one,two')
  expect(second.version).not.toBe(first.version)
  await writeFile(path, 'tap: {servers: {three: {}}}')
  expect(await ask()).toEqual(second)
  expect(lines.at(-1)).toContain('cannot be used: what was read before holds')
  await writeFile(path, text('broken'))
  expect(await ask()).toEqual(second)
  await writeFile(path, text('four'))
  expect((await ask()).servers).toBe('four')
  const count = made()
  await writeFile(path, text('four'))
  await Promise.all([ask(), ask()])
  expect(made()).toBe(count)
  expect(defaultPath()).toBe(process.env.ALMAGEST_ENVIRONMENT ?? '')
})

test('it is not looked at for each request', async () => {
  const path = join(await temporaryFolder(), 'environment.yaml')
  await writeFile(path, text('one'))
  const { ask } = await serve(path, 60_000)
  await writeFile(path, text('two'))
  expect((await ask()).servers).toBe('one')
})

test('an object of a bucket is read again when it was overwritten, and its generation is told', async () => {
  const gcs = await startFakeGcs({ buckets: ['config'] })
  process.env.ALMAGEST_STORAGE_ENDPOINT = gcs.endpoint
  onTestFinished(() => void delete process.env.ALMAGEST_STORAGE_ENDPOINT)
  const bucket = openBucket({ bucket: 'config', apiEndpoint: gcs.endpoint })
  const upload = async (content: string, before: string) =>
    (await bucket.save('prod/environment.yaml', Buffer.from(content), { ifGenerationMatch: before })).generation
  const first = await upload(text('one'), '0')
  const { ask } = await serve('gs://config/prod/environment.yaml')
  expect(await ask()).toEqual({ servers: 'one', version: first })
  const second = await upload(text('one', 'two'), first)
  expect(await ask()).toEqual({ servers: 'one,two', version: second })
  await expect(serve('gs://config/nowhere.yaml')).rejects.toMatchObject({
    code: 'not_started',
    message: expect.stringContaining('gs://config/nowhere.yaml does not exist'),
  })
})
