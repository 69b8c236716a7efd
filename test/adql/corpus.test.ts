import { describe, expect, test } from 'vitest'
import { AdqlError } from '../../shared/adql/error.ts'
import { readTokens } from '../../shared/adql/parse/tokens.ts'
import { parseQuery } from '../../shared/adql/parse.ts'
import { type CorpusEntry, readCorpus } from '../support/adql-corpus.ts'
import { HAS_DATA, NEEDS_DATA } from '../support/golden.ts'

/** The error of a query, or none; anything but an `AdqlError` fails the test. */
function errorOf({ adql }: CorpusEntry): AdqlError | undefined {
  try {
    parseQuery(adql)
    return undefined
  } catch (error) {
    if (error instanceof AdqlError) return error
    throw error
  }
}

/** How many tokens lie between two positions. */
function tokensBetween(text: string, a: number, b: number): number {
  const [from, to] = a < b ? [a, b] : [b, a]
  return readTokens(text).filter(({ start }) => start >= from && start < to).length
}

describe.skipIf(!HAS_DATA)(`the queries of the corpus${NEEDS_DATA}`, () => {
  const corpus = readCorpus()

  test('what the grammar has is parsed', () => {
    const refused = corpus.filter((entry) => entry.valid).map((entry) => ({ entry, error: errorOf(entry) }))
    expect(refused.length).toBeGreaterThan(1100)
    expect(refused.filter(({ error }) => error !== undefined)).toEqual([])
  })

  test('what the grammar has not is refused', () => {
    const wrong = corpus.filter(({ stage, tolerable }) => stage === 'syntax' && !tolerable)
    expect(wrong.length).toBeGreaterThan(400)
    expect(wrong.filter((entry) => errorOf(entry)?.kind !== 'syntax')).toEqual([])
  })

  test('a syntax error points at the token that cannot stand there, or one beside it', () => {
    const places = corpus
      .filter(({ stage, tolerable }) => stage === 'syntax' && !tolerable)
      .map(({ id, adql, offset }) => ({ id, adql, offset, found: errorOf({ id, adql } as CorpusEntry)?.span.start }))
    const far = places.filter(
      ({ adql, offset = -1, found = -1 }) => offset < 0 || found < 0 || tokensBetween(adql, offset, found) > 1,
    )
    expect(far).toEqual([])
  })
})
