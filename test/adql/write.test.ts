import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseQuery } from '../../shared/adql/parse.ts'
import { readCorpus } from '../support/adql-corpus.ts'
import { anyQuery, withoutSpans } from '../support/adql-trees.ts'
import { runs } from '../support/effort.ts'
import { HAS_DATA, NEEDS_DATA } from '../support/golden.ts'
import { writeQuery } from '../support/write-adql.ts'

/** Random queries are wider than those of people. */
const LARGE = { selects: 10_000, tables: 10_000, operators: 10_000 }

test('a tree that is written and parsed again is the same tree', () => {
  fc.assert(
    fc.property(anyQuery, (query) => {
      expect(withoutSpans(parseQuery(writeQuery(query), LARGE))).toEqual(withoutSpans(query))
    }),
    { numRuns: runs(250) },
  )
})

describe.skipIf(!HAS_DATA)(`queries of the corpus${NEEDS_DATA}`, () => {
  test('keep their meaning when they are parsed, written and parsed again', () => {
    const trees = readCorpus()
      .filter(({ valid }) => valid)
      .map(({ adql }) => parseQuery(adql))
    expect(trees.length).toBeGreaterThan(1100)
    for (const tree of trees) expect(withoutSpans(parseQuery(writeQuery(tree)))).toEqual(withoutSpans(tree))
  })
})
