import { EventEmitter } from 'node:events'
import type pg from 'pg'
import { expect, test } from 'vitest'
import { CopyOut } from '../../shared/query/postgresql/copy-out.ts'

/** A message of the server: a letter, the length of what follows with its own four bytes, the contents. */
function message(letter: string, contents: string | Buffer = ''): Buffer {
  const head = Buffer.from(`${letter}\0\0\0\0`)
  head.writeInt32BE(4 + contents.length, 1)
  return Buffer.concat([head, Buffer.from(contents)])
}

/** A connection of `pg` to nowhere, what its parser gets, and whether it is held up. */
function fakeConnection() {
  const toPg: Buffer[] = []
  const state = { paused: false }
  const stream = Object.assign(new EventEmitter(), {
    pause() {
      state.paused = true
    },
    resume() {
      state.paused = false
    },
  })
  stream.on('data', (bytes: Buffer) => toPg.push(Buffer.from(bytes)))
  const connection = { stream, query: () => {} } as unknown as pg.Connection
  return { connection, stream, state, received: () => Buffer.concat(toPg) }
}

const BEFORE = [message('C', 'BEGIN\0'), message('T', 'x'.repeat(30)), message('D', 'cell'), message('H', 'binary')]
const ROWS = ['first', '', 'a longer row than the others', 'Z\0\0\0\x05I'].map((row) => message('d', row))
const AFTER = [message('N', 'a notice'), message('c'), message('C', 'COPY 4\0'), message('Z', 'I')]
const LATER = message('S', 'TimeZone\0UTC\0')

test('rows are taken out of what the server sends, however it is cut; pg gets all else, also what comes later', async () => {
  const [firstRows, lastRows] = [ROWS.slice(0, 2), ROWS.slice(2)]
  const all = Buffer.concat([...BEFORE, ...firstRows, message('N', 'amid'), ...lastRows, ...AFTER, LATER])
  for (let size = 1; size <= all.length; size++) {
    const { connection, stream, received } = fakeConnection()
    const copy = new CopyOut('copy', 1000)
    copy.submit(connection)
    for (let at = 0; at < all.length; at += size) stream.emit('data', Buffer.from(all.subarray(at, at + size)))
    const read: Uint8Array[] = []
    for await (const chunk of copy.read()) read.push(chunk)
    expect(Buffer.concat(read).toString()).toBe('firsta longer row than the othersZ\0\0\0\x05I')
    expect(received()).toEqual(Buffer.concat([...BEFORE, message('N', 'amid'), ...AFTER, LATER]))
    expect(await copy.ended).toEqual({ clean: true, error: undefined })
    expect(stream.listenerCount('data')).toBe(1)
  }
})

test('the socket is not read while enough bytes wait to be fetched', async () => {
  const { connection, stream, state } = fakeConnection()
  const copy = new CopyOut('copy', 10)
  copy.submit(connection)
  const read = copy.read()
  const held: boolean[] = []
  for (const row of ['12345', '67890', 'abcde']) {
    stream.emit('data', message('d', row))
    held.push(state.paused)
  }
  expect(held).toEqual([false, true, true])
  await read.next()
  expect(state.paused).toBe(true)
  await read.next()
  expect(state.paused).toBe(false)
})

test('a connection that closes amid the rows ends them with an error, after those that came', async () => {
  const { connection, stream } = fakeConnection()
  const copy = new CopyOut('copy', 1000)
  copy.submit(connection)
  stream.emit('data', Buffer.concat([...BEFORE, ...ROWS.slice(0, 1)]))
  stream.emit('close')
  const read = copy.read()
  expect(Buffer.from((await read.next()).value as Uint8Array).toString()).toBe('first')
  await expect(read.next()).rejects.toThrow('the connection was lost')
  expect((await copy.ended).clean).toBe(false)
})
