import { loadModule, parseSync } from 'libpg-query'
import { beforeAll, describe, expect, test } from 'vitest'
import { AdqlError } from '../../../shared/adql/error.ts'
import { parseQuery } from '../../../shared/adql/parse.ts'
import { type GeometryStrategy, toPostgresql } from '../../../shared/adql/postgresql.ts'
import { resolveQuery } from '../../../shared/adql/resolve.ts'
import { readCorpus } from '../../support/adql-corpus.ts'
import { readSkyCases, readSkyTables } from '../../support/adql-sky.ts'
import { HAS_DATA, NEEDS_DATA } from '../../support/golden.ts'
import { tablesThatFit } from '../../support/tables-that-fit.ts'
import { CORPUS_EXCEPTIONS } from '../corpus-exceptions.ts'
import { CORPUS_WITHOUT_TABLES } from './corpus-without-tables.ts'

const STRATEGIES: readonly GeometryStrategy[] = ['portable', 'pgsphere', 'postgis']

/** The statements of a text, by their kinds. */
function statementsIn(sql: string): string[] {
  const { stmts } = parseSync(sql) as { stmts: { stmt: object }[] }
  return stmts.flatMap(({ stmt }) => Object.keys(stmt))
}

describe.skipIf(!HAS_DATA)(`what goes to PostgreSQL is one SELECT${NEEDS_DATA}`, () => {
  beforeAll(loadModule)

  test.each(STRATEGIES)('of every query on the small sky, through %s', (geometry) => {
    const tables = readSkyTables()
    const wrong = readSkyCases().filter(({ adql }) => {
      const sql = translated(() => toPostgresql(resolveQuery(parseQuery(adql), tables), { geometry }))
      return sql !== undefined && String(statementsIn(sql)) !== 'SelectStmt'
    })
    expect(wrong).toEqual([])
  })

  test('of every valid query of the corpus on tables made of its names, but for those that none can answer', () => {
    const wrong: string[] = []
    const refused: string[] = []
    let answered = 0
    for (const entry of readCorpus()) {
      const sql = translated(() => toPostgresql(tablesThatFit(entry), { geometry: 'pgsphere' }))
      if (sql !== undefined) {
        answered += 1
        if (String(statementsIn(sql)) !== 'SelectStmt') wrong.push(entry.id)
      } else if (entry.valid && !CORPUS_EXCEPTIONS.has(entry.id)) refused.push(entry.id)
    }
    expect(wrong).toEqual([])
    expect(refused.sort()).toEqual([...CORPUS_WITHOUT_TABLES.values()].flat().sort())
    expect(answered).toBeGreaterThan(1120)
  })
})

/** Undefined: refused, which other tests judge. */
function translated<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch (error) {
    if (error instanceof AdqlError) return undefined
    throw error
  }
}
