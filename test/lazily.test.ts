import { expect, it } from 'vitest'
import { lazily } from '../shared/lazily.ts'

it('nothing is made before it is needed, and then once for all who ask', async () => {
  let count = 0
  const value = lazily(async () => ++count)
  expect([count, value.started()]).toEqual([0, undefined])
  expect(await Promise.all([value(), value()])).toEqual([1, 1])
  expect(await value()).toBe(1)
  expect(await value.started()).toBe(1)
})

it('all who waited hear of a failure, and the next call tries again', async () => {
  let count = 0
  const value = lazily(async () => {
    count += 1
    if (count === 1) throw new Error('not there yet')
    return count
  })
  const waiting = [value(), value()]
  expect(await Promise.allSettled(waiting)).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }])
  expect(value.started()).toBeUndefined()
  expect(await value()).toBe(2)
})

it('what throws at once is a failure too', async () => {
  let count = 0
  const value = lazily(() => {
    count += 1
    if (count === 1) throw new Error('not there yet')
    return count
  })
  await expect(value()).rejects.toThrow('not there yet')
  expect(await value()).toBe(2)
})
