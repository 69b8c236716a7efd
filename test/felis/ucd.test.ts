import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkUcd } from '../../shared/felis/ucd/check-ucd.ts'
import { runs, someOf } from '../support/effort.ts'
import { DATA, HAS_DATA, NEEDS_DATA, readGolden } from '../support/golden.ts'
import { messageOf, RELEASES, readColumnValues, selectEdgeCases } from './column-values.ts'

describe.skipIf(!HAS_DATA)(`UCDs that were measured${NEEDS_DATA}`, () => {
  it('are of the golden vocabulary 1.6, each word in the places its class allows and nowhere else', () => {
    const entries = readFileSync(join(DATA, 'golden/felis/ucd1p-words-1.6.txt'), 'utf8')
      .split('\n')
      .filter((line) => /^\w \|/.test(line))
      .map((line) => line.split('|').map((cell) => cell.trim()) as [string, string])
    expect(entries).toHaveLength(568)
    for (const [kind, word] of entries) {
      const verdict = [checkUcd(word) === null, checkUcd(`pos;${word}`) === null]
      expect([word, ...verdict]).toEqual([word, 'QPEVC'.includes(kind), 'QSEVC'.includes(kind)])
    }
  })

  it('get the verdict and the message of Felis', () => {
    const cases = selectEdgeCases(readGolden('felis/edge-cases.json'), 'ucd ')
    expect(cases.length).toBeGreaterThan(15)
    for (const [name, edgeCase] of cases) {
      const text = JSON.parse(/ivoa:ucd: (".*")/.exec(edgeCase.yaml)![1]!) as string
      expect([name, checkUcd(text)?.message]).toEqual([name, messageOf(edgeCase)])
    }
  })

  it.each(someOf(RELEASES, 3))('are all accepted in %s', async (release) => {
    const ucds = await readColumnValues(release, ['ivoa:ucd'])
    expect(ucds.size).toBeGreaterThan(50)
    expect([...ucds].filter((ucd) => checkUcd(ucd) !== null)).toEqual([])
  })
})

describe('a UCD that is not one', () => {
  it.each([
    ['', "Invalid IVOA UCD: Invalid word ''", undefined],
    ['meta.idd', "Invalid IVOA UCD: Unknown word 'meta.idd'", 'meta.id'],
    [
      'meta.id; meta.main',
      "Invalid IVOA UCD: UCD has invalid character ' ' in 'meta.id; meta.main'",
      'meta.id;meta.main',
    ],
    ['meta.id;', "Invalid IVOA UCD: Invalid word ''", 'meta.id'],
    ['ivoa:meta.id', "Invalid IVOA UCD: UCD has invalid character ':' in 'ivoa:meta.id'", 'meta.id'],
    [
      'meta.id,meta.main',
      "Invalid IVOA UCD: UCD has invalid character ',' in 'meta.id,meta.main'",
      'meta.id;meta.main',
    ],
    ['a:b:c;meta.main', "Invalid IVOA UCD: Too many colons in 'a:b:c'", undefined],
    [':pos;meta.main', "Invalid IVOA UCD: Invalid namespace ''", undefined],
    ['x:;meta.main', "Invalid IVOA UCD: Invalid word ''", undefined],
    ['meta.id;arith.rate', "Invalid IVOA UCD: Primary word 'arith.rate' is not valid as a secondary word", undefined],
    ['pos;IVOA:nope', "Invalid IVOA UCD: Unknown word 'nope'", undefined],
    ['pos 🦊', "Invalid IVOA UCD: UCD has invalid character ' ' in 'pos 🦊'", undefined],
    ['pos🦊', "Invalid IVOA UCD: UCD has invalid character '🦊' in 'pos🦊'", undefined],
  ])('%j is explained', (text, message, suggestion) => {
    const problem = checkUcd(text)
    expect(problem?.message).toBe(message)
    if (suggestion !== undefined) expect(problem?.suggestion).toBe(suggestion)
  })

  it('never makes the check throw, and what it suggests is a UCD or a word of one', () => {
    const piece = fc.constantFrom(
      'meta.id',
      'meta.main',
      ';',
      ':',
      '.',
      ' ',
      'ivoa',
      'x',
      'pos.eq',
      ',',
      '\0',
      '\ud800',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(piece).map((parts) => parts.join('')),
        ),
        (text) => {
          const problem = checkUcd(text)
          expect(checkUcd(text)).toEqual(problem)
          const suggestion = problem?.suggestion
          if (suggestion !== undefined) expect([checkUcd(suggestion), checkUcd(`pos;${suggestion}`)]).toContain(null)
        },
      ),
      { numRuns: runs(400) },
    )
  })

  it('of ten million characters gets a short answer', () => {
    for (const text of [
      'a'.repeat(1e7),
      ';'.repeat(1e7),
      'pos;'.repeat(2.5e6),
      `${'a:'.repeat(5e6)};`,
      '.'.repeat(1e7),
    ]) {
      expect(checkUcd(text)!.message.length).toBeLessThan(400)
    }
  })
})
