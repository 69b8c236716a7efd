import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Phase } from '../../shared/uws/phase.ts'
import { watchPhases } from '../../shared/uws/wait-for-change.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const LISTENING = new AbortController().signal

/** Phases that a test sets, and how often they were asked for. */
function openPhases() {
  const phases = new Map<string, Phase>()
  const asked: (readonly string[])[] = []
  let fails = false
  const watch = watchPhases(async (ids) => {
    asked.push(ids)
    if (fails) throw new Error('no database')
    return phases
  }, 500)
  const setFailing = (state: boolean) => {
    fails = state
  }
  return { phases, asked, watch, setFailing }
}

async function ended(waiting: Promise<void>): Promise<boolean> {
  return Promise.race([waiting.then(() => true), Promise.resolve().then(() => Promise.resolve(false))])
}

describe('UWS-8: WAIT', () => {
  test('ends when the phase changes, and when the job is gone', async () => {
    const { phases, watch } = openPhases()
    phases.set('a', 'QUEUED').set('b', 'QUEUED')
    const [a, b] = [watch.change('a', 'QUEUED', 60, LISTENING), watch.change('b', 'QUEUED', 60, LISTENING)]
    await vi.advanceTimersByTimeAsync(600)
    expect([await ended(a), await ended(b)]).toEqual([false, false])
    phases.set('a', 'EXECUTING')
    phases.delete('b')
    await vi.advanceTimersByTimeAsync(600)
    expect([await ended(a), await ended(b)]).toEqual([true, true])
  })

  test('ends after its time, and asks no more', async () => {
    const { phases, asked, watch } = openPhases()
    phases.set('a', 'QUEUED')
    const waiting = watch.change('a', 'QUEUED', 2, LISTENING)
    await vi.advanceTimersByTimeAsync(2_100)
    expect(await ended(waiting)).toBe(true)
    await vi.advanceTimersByTimeAsync(1_000)
    const before = asked.length
    await vi.advanceTimersByTimeAsync(60_000)
    expect(asked.length).toBe(before)
  })

  test('ends when the client goes away, and at once when it is gone', async () => {
    const { phases, watch } = openPhases()
    phases.set('a', 'QUEUED')
    const client = new AbortController()
    const waiting = watch.change('a', 'QUEUED', 60, client.signal)
    client.abort()
    expect(await ended(waiting)).toBe(true)
    expect(await ended(watch.change('a', 'QUEUED', 60, client.signal))).toBe(true)
  })

  test('a hundred clients cost two questions a second', async () => {
    const { phases, asked, watch } = openPhases()
    for (let client = 0; client < 100; client++) {
      phases.set(`job ${client % 60}`, 'EXECUTING')
      void watch.change(`job ${client % 60}`, 'EXECUTING', 600, LISTENING)
    }
    await vi.advanceTimersByTimeAsync(10_000)
    expect(asked.length).toBeLessThanOrEqual(20)
    expect(asked.at(-1)).toHaveLength(60)
  })

  test('who comes first after a while is answered sooner, and the next ones not oftener', async () => {
    const { phases, asked, watch } = openPhases()
    for (const job of ['a', 'b', 'c']) {
      phases.set(job, 'QUEUED')
      const waiting = watch.change(job, 'QUEUED', 60, LISTENING)
      phases.set(job, 'COMPLETED')
      await vi.advanceTimersByTimeAsync(100)
      expect([job, await ended(waiting)]).toEqual([job, job === 'a'])
    }
    await vi.advanceTimersByTimeAsync(400)
    expect(asked.length).toBe(2)
  })

  test('a database that does not answer ends nothing', async () => {
    const { phases, watch, setFailing } = openPhases()
    phases.set('a', 'QUEUED')
    setFailing(true)
    const waiting = watch.change('a', 'QUEUED', 60, LISTENING)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(await ended(waiting)).toBe(false)
    phases.set('a', 'COMPLETED')
    setFailing(false)
    await vi.advanceTimersByTimeAsync(600)
    expect(await ended(waiting)).toBe(true)
  })
})
