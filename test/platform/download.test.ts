import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type File, Storage } from '@google-cloud/storage'
import { expect, onTestFinished, test } from 'vitest'
import { download } from '../../shared/platform/storage/download.ts'
import type { StoredObject } from '../../shared/stored-objects.ts'

/** A store that answers when the test says so, and the stream that the client reads its answer with. */
async function startStore() {
  const { promise: asked, resolve } = Promise.withResolvers<ServerResponse>()
  const server = createServer((_request, response) => resolve(response))
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const apiEndpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const file = new Storage({ apiEndpoint, projectId: 'p', retryOptions: { autoRetry: false } }).bucket('b').file('o')
  const streams: ReturnType<File['createReadStream']>[] = []
  const open = file.createReadStream.bind(file)
  file.createReadStream = (options) => {
    const stream = open(options)
    streams.push(stream)
    return stream
  }
  return { file, asked, streams }
}

const object = { size: 5, crc32c: null } as StoredObject

test('an answer that comes after the download was given up disturbs nobody', async () => {
  const { file, asked, streams } = await startStore()
  await expect(download(file, object, 20)).rejects.toThrow('no data came for 0.02 s')
  const closed = once(streams[0]!, 'close')
  ;(await asked).end('hello')
  await closed
})

test('a download that falls silent in the middle is given up', async () => {
  const { file, asked, streams } = await startStore()
  const downloading = download(file, object, 50)
  const outcome = expect(downloading).rejects.toThrow('no data came for 0.05 s')
  ;(await asked).write('he')
  await outcome
  expect(streams[0]!.destroyed).toBe(true)
})
