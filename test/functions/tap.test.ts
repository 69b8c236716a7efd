import { describe, expect, test } from 'vitest'
import { readAnswer, startTap, TABLEDATA } from './tap-service.ts'

describe('a query', () => {
  test('is answered from the live slot', async () => {
    const tap = await startTap()
    const answer = await tap.query('SELECT TOP 2 object_id, ra FROM survey.object ORDER BY ra', TABLEDATA)
    expect(answer.status, answer.text).toBe(200)
    expect(readAnswer(answer).texts).toEqual([
      ['0', '0'],
      ['1', '0.36'],
    ])
  })
})
