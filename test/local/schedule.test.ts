import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startSchedule } from '../../local/schedule.ts'
import { startEndpoint } from './endpoint.ts'

test('a schedule posts again and again, also after a failure, until it is stopped', async () => {
  const endpoint = await startEndpoint(500)
  const failures: string[] = []
  const url = `${endpoint.url}/watch-queries/`
  const stop = startSchedule({ url, everyMs: 5, onFailure: (reason) => void failures.push(reason) })
  await vi.waitFor(() => expect(endpoint.requests.length).toBeGreaterThan(2), 10_000)
  await stop()
  // One that was broken off may still be on its way.
  await new Promise((done) => setTimeout(done, 100))
  const count = endpoint.requests.length
  expect(endpoint.requests[0]).toMatchObject({ method: 'POST', url: '/watch-queries/' })
  expect(failures).toEqual([expect.stringContaining('answered 500')])
  await new Promise((done) => setTimeout(done, 30))
  expect(endpoint.requests).toHaveLength(count)
})

test('one call is under way at a time, and stopping breaks it off', async () => {
  let calls = 0
  const silent = createServer(() => {
    calls += 1
  })
  await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    silent.closeAllConnections()
    silent.close()
  })
  const failures: string[] = []
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`
  const stop = startSchedule({ url, everyMs: 1, onFailure: (reason) => void failures.push(reason) })
  await vi.waitFor(() => expect(calls).toBe(1), 10_000)
  await new Promise((done) => setTimeout(done, 30))
  await stop()
  expect({ calls, failures }).toEqual({ calls: 1, failures: [] })
})
