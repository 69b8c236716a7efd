import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lockState, StateInUseError } from '../../local/state-lock.ts'
import { writeFolder } from '../cli/release-folder.ts'

test('a folder is taken by one process at a time, and free again afterwards', async () => {
  const folder = await writeFolder({})
  const unlock = await lockState(folder)
  await expect(lockState(folder)).rejects.toThrow(StateInUseError)
  await expect(lockState(folder)).rejects.toThrow(`process ${process.pid} is running on ${folder}`)
  await unlock()
  await (await lockState(folder))()
})

test('of many that come at once, one gets the folder', async () => {
  const folder = await writeFolder({ 'lock.7': '{"pid":999999999,"birth":null}\n' })
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockState(folder)))
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
})

test.for([
  ['of a process that is gone', '{"pid":999999999,"birth":null}'],
  ['of a process whose number belongs to another one now', `{"pid":${process.pid},"birth":"another boot:1"}`],
  ['that is damaged', '{"pid":'],
  ['that is empty', ''],
])('a lock %s does not count', async ([, content]) => {
  const folder = await writeFolder({})
  await writeFile(join(folder, 'lock.7'), content!)
  const unlock = await lockState(folder)
  await expect(lockState(folder)).rejects.toThrow(StateInUseError)
  await unlock()
})
