import { expect, it } from 'vitest'
import { compareCodePoints } from '../shared/code-points.ts'

it('texts are in the order of their code points, which is that of their UTF-8', () => {
  const texts = [
    '',
    'A',
    'AB',
    'a',
    'a\u{1f52d}',
    'a\u{ff21}',
    'é',
    '\ud7ff',
    '\ue000',
    '\uff21',
    '\u{10000}',
    '\u{1f52d}',
  ]
  const byBytes = texts.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  expect(texts.toReversed().sort(compareCodePoints)).toEqual(byBytes)
  expect(compareCodePoints('\u{1f52d}', '\u{1f52d}')).toBe(0)
})
