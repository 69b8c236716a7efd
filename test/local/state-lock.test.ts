import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { lockState, StateInUseError } from '../../local/state-lock.ts'
import { writeFolder } from '../cli/release-folder.ts'
import { PROJECT_ROOT } from '../support/run-command.ts'

test('a folder is taken once at a time, and free again afterwards', async () => {
  const folder = await writeFolder({})
  const unlock = lockState(folder)
  expect(() => lockState(folder)).toThrow(StateInUseError)
  expect(() => lockState(folder)).toThrow(`process ${process.pid} is running on ${folder}`)
  unlock()
  lockState(folder)()
})

test('a lock ends with its process, however that ends', async () => {
  const folder = await writeFolder({})
  const module = JSON.stringify(join(PROJECT_ROOT, 'local', 'state-lock.ts'))
  const script = `(await import(${module})).lockState(${JSON.stringify(folder)}); gc(); console.log('locked'); setInterval(() => {}, 1e6)`
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  expect(() => lockState(folder)).toThrow(`process ${child.pid} is running on ${folder}`)
  child.kill('SIGKILL')
  await once(child, 'exit')
  lockState(folder)()
})

test('files that are left of an earlier start do not count', async () => {
  const folder = await writeFolder({ 'lock.pid': '999999999' })
  const unlock = lockState(folder)
  expect(() => lockState(folder)).toThrow(`process ${process.pid} is running on ${folder}`)
  unlock()
})
