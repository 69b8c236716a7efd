import { expect, test, vi } from 'vitest'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { callAlmagest } from '../support/call-command.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { startAlmagest } from '../support/run-command.ts'
import { stageRequest } from '../support/sample-release.ts'

test('status --watch shows each change once, until it is ended', async () => {
  const { url, pool } = await createTestDatabase()
  const { child, result } = startAlmagest(['status', '--database', url, '--watch', '1', '--json'])
  let shown = ''
  child.stdout!.on('data', (chunk: Buffer) => {
    shown += chunk
  })
  const states = () =>
    shown
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line).slots.staging.version)
  await vi.waitFor(() => expect(states()).toEqual([null]), { timeout: 30_000 })
  await stageRelease(pool, stageRequest('releases/1'))
  await vi.waitFor(() => expect(states()).toEqual([null, 'releases/1']), { timeout: 30_000 })
  child.kill('SIGINT')
  expect(await result).toMatchObject({ code: 130, stderr: '' })
})

test('a pause of nothing is wrong usage', async () => {
  expect(await callAlmagest(['status', '--watch', '0'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('from 1 to 3600'),
  })
})
