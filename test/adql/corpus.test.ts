import { describe, expect, test } from 'vitest'
import { checkStructure } from '../../shared/adql/check-structure.ts'
import { AdqlError } from '../../shared/adql/error.ts'
import type { FunctionRow } from '../../shared/adql/functions/row.ts'
import { STANDARD_FUNCTIONS } from '../../shared/adql/functions/table.ts'
import { readTokens } from '../../shared/adql/parse/tokens.ts'
import { parseQuery } from '../../shared/adql/parse.ts'
import { TEXT } from '../../shared/adql/value-type.ts'
import { type CorpusEntry, readCorpus } from '../support/adql-corpus.ts'
import { HAS_DATA, NEEDS_DATA } from '../support/golden.ts'
import { CORPUS_EXCEPTIONS } from './corpus-exceptions.ts'

/** A user defined function that takes anything. */
function declaredFunction(name: string): FunctionRow {
  const any = { name: 'x', type: 'ANY' } as const
  return {
    name,
    group: 'udf',
    signatures: [{ parameters: [any], optional: 1, repeats: 1, returns: 'ANY', result: TEXT }],
    meaning: 'Declared for a query of the corpus.',
    sql: { postgresql: 'own', qserv: 'own' },
  }
}

/** The error of a query, or none; anything but an `AdqlError` fails the test. */
function errorOf({ adql, udfs = [] }: CorpusEntry): AdqlError | undefined {
  try {
    checkStructure(parseQuery(adql), STANDARD_FUNCTIONS.with(udfs.map(declaredFunction)))
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

  test('what ADQL 2.1 has is taken', () => {
    const refused = corpus.filter((entry) => entry.valid).map((entry) => ({ entry, error: errorOf(entry) }))
    expect(refused.length).toBeGreaterThan(1100)
    const wrongly = refused.filter(({ entry, error }) => error !== undefined && !CORPUS_EXCEPTIONS.has(entry.id))
    expect(wrongly).toEqual([])
  })

  test('every exception is still one', () => {
    const taken = corpus.filter(({ id }) => CORPUS_EXCEPTIONS.has(id))
    expect(taken).toHaveLength(CORPUS_EXCEPTIONS.size)
    expect(taken.filter((entry) => (errorOf(entry) === undefined) === entry.valid)).toEqual([])
  })

  test('what the grammar has, but not with these functions, aggregates or operands, is refused', () => {
    const wrong = corpus.filter(({ stage }) => stage === 'resolve').map((entry) => ({ entry, error: errorOf(entry) }))
    expect(wrong.length).toBeGreaterThan(10)
    expect(wrong.filter(({ entry, error }) => error === undefined && !CORPUS_EXCEPTIONS.has(entry.id))).toEqual([])
  })

  test('what the grammar has not is refused', () => {
    const wrong = corpus.filter(({ stage, tolerable }) => stage === 'syntax' && !tolerable)
    expect(wrong.length).toBeGreaterThan(400)
    expect(wrong.filter((entry) => errorOf(entry)?.fault !== 'syntax')).toEqual([])
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
