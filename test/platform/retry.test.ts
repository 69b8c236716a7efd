import { describe, expect, it } from 'vitest'
import { type RetryPolicy, retry } from '../../shared/platform/retry.ts'

function policy(changes: Partial<RetryPolicy> = {}) {
  let clock = 0
  const pauses: number[] = []
  const sleep = async (milliseconds: number) => {
    pauses.push(milliseconds)
    clock += milliseconds
  }
  const base: RetryPolicy = {
    attempts: 4,
    baseDelayMs: 100,
    maxDelayMs: 250,
    totalMs: 10_000,
    isRetryable: () => true,
    sleep,
    now: () => clock,
    random: () => 1,
  }
  return { pauses, policy: { ...base, ...changes } }
}

function failing(times: number) {
  const seen: number[] = []
  const operation = async (attempt: number) => {
    seen.push(attempt)
    if (seen.length <= times) throw new Error(`failure ${seen.length}`)
    return 'done'
  }
  return { seen, operation }
}

describe('retry', () => {
  it('gives the first success without a pause', async () => {
    const { policy: given, pauses } = policy()
    expect(await retry(failing(0).operation, given)).toBe('done')
    expect(pauses).toEqual([])
  })

  it('tries again with pauses that double up to their limit', async () => {
    const { policy: given, pauses } = policy()
    const { operation, seen } = failing(3)
    expect(await retry(operation, given)).toBe('done')
    expect(seen).toEqual([1, 2, 3, 4])
    expect(pauses).toEqual([100, 200, 250])
  })

  it('draws each pause from the whole range', async () => {
    const draws = [0, 0.5, 0.25]
    const { policy: given, pauses } = policy({ random: () => draws.shift() ?? 0 })
    await retry(failing(3).operation, given)
    expect(pauses).toEqual([0, 100, 62.5])
  })

  it('throws the last error when the tries are used up', async () => {
    const { operation, seen } = failing(9)
    await expect(retry(operation, policy().policy)).rejects.toThrow('failure 4')
    expect(seen).toHaveLength(4)
  })

  it('throws at once what is not worth another try', async () => {
    const { operation, seen } = failing(9)
    await expect(retry(operation, policy({ isRetryable: () => false }).policy)).rejects.toThrow('failure 1')
    expect(seen).toHaveLength(1)
  })

  it('begins no pause that would end after the time is over', async () => {
    const { policy: given, pauses } = policy({ totalMs: 300 })
    await expect(retry(failing(9).operation, given)).rejects.toThrow('failure 3')
    expect(pauses).toEqual([100, 200])
  })

  it('reports every new try', async () => {
    const reported: unknown[] = []
    const onRetry: RetryPolicy['onRetry'] = (error, attempt, delay) => reported.push([String(error), attempt, delay])
    await retry(failing(2).operation, policy({ onRetry }).policy)
    expect(reported).toEqual([
      ['Error: failure 1', 1, 100],
      ['Error: failure 2', 2, 200],
    ])
  })
})
