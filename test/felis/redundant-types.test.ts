import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkRedundantType } from '../../shared/felis/redundant-types/check-redundant-type.ts'
import { baseTypes, type Dialect, dialectTypes } from '../../shared/felis/redundant-types/dialect-types.ts'
import { runs } from '../support/effort.ts'
import { HAS_DATA, NEEDS_DATA, readGolden } from '../support/golden.ts'
import { messageOf, selectEdgeCases } from './column-values.ts'

interface Compiled {
  readonly base: Record<string, Record<Dialect, string>>
  readonly overrides: Record<Dialect, Record<string, string>>
}

const DIALECTS = ['mysql', 'postgresql'] as const
const DATATYPES = Object.keys(baseTypes)

describe.skipIf(!HAS_DATA)(`overrides that were measured${NEEDS_DATA}`, () => {
  it.each(DIALECTS)('of %s are redundant exactly where they compile to the same text', (dialect) => {
    const { base, overrides } = readGolden<Compiled>('felis/type-compile.json')
    expect(
      Object.keys(overrides[dialect])
        .filter((name) => /^[A-Z0-9_]+$/.test(name))
        .sort(),
    ).toEqual([...dialectTypes[dialect].keys()].sort())
    for (const [override, sql] of Object.entries(overrides[dialect])) {
      for (const [datatype, { [dialect]: own }] of Object.entries(base)) {
        const message = checkRedundantType(dialect, override, datatype, 77)?.message
        const verdict = sql.startsWith('!') ? 'refused' : sql === own ? 'redundant' : 'ok'
        expect([override, datatype, verdictOf(message)]).toEqual([override, datatype, verdict])
      }
    }
  })

  it('get the verdict and the message of Felis', () => {
    const cases = selectEdgeCases(readGolden('felis/edge-cases.json'), 'redundant ')
    expect(cases.length).toBeGreaterThan(15)
    for (const [name, edgeCase] of cases) {
      const [, datatype, length, dialect, override] = /^redundant (\w+) (\w+) (\w+):datatype=(.*)$/.exec(name)!
      const size = length === 'None' ? null : Number(length)
      const message = checkRedundantType(dialect as Dialect, override!, datatype!, size)?.message
      expect([name, message]).toEqual([name, messageOf(edgeCase)?.replace(" in column '#t.c'", '')])
    }
  })
})

function verdictOf(message: string | undefined): string {
  if (message === undefined) return 'ok'
  return message.includes('is a redundant override of') ? 'redundant' : 'refused'
}

describe('an override', () => {
  it.each<[Dialect, string, string, number | null, string]>([
    ['mysql', 'bool', 'boolean', null, 'refused'],
    ['mysql', 'DATETIME(6)', 'timestamp', null, 'redundant'],
    ['mysql', 'DATETIME(0,6)', 'timestamp', null, 'ok'],
    ['mysql', 'VARBINARY(16)', 'binary', 16, 'ok'],
    ['mysql', 'VARCHAR', 'text', null, 'refused'],
    ['mysql', 'VARCHAR(064)', 'string', 64, 'redundant'],
    ['mysql', 'VARCHAR( 64)', 'string', 64, 'refused'],
    ['mysql', 'VARCHAR(64) BINARY', 'string', 64, 'redundant'],
    ['mysql', 'VARCHAR()', 'string', 64, 'redundant'],
    ['mysql', 'VARCHAR(64,2)', 'string', 64, 'refused'],
    ['mysql', ' -- varchar(64)', 'string', 64, 'redundant'],
    ['mysql', 'VARCHAR (64)', 'string', 32, 'redundant'],
    ['mysql', 'LONGTEXT(5)', 'text', null, 'refused'],
    ['mysql', 'LONGBLOB(5)', 'binary', 5, 'redundant'],
    ['mysql', 'DOUBLE(10)', 'double', null, 'refused'],
    ['mysql', 'FLOAT(24)', 'float', null, 'ok'],
    ['mysql', "ENUM('a','b')", 'string', 1, 'ok'],
    ['postgresql', 'TEXT', 'text', null, 'redundant'],
    ['postgresql', 'TEXT', 'text', 20, 'ok'],
    ['postgresql', 'TIMESTAMP(3)', 'timestamp', null, 'ok'],
    ['postgresql', 'TIMESTAMP(0)', 'timestamp', null, 'redundant'],
    ['postgresql', 'double precision', 'double', null, 'refused'],
    ['postgresql', 'double_precision', 'double', null, 'redundant'],
    ['postgresql', 'VARCHAR(16)', 'unicode', 16, 'redundant'],
    ['postgresql', 'BIGINT(20)', 'long', null, 'refused'],
    ['postgresql', 'ARRAY(INTEGER)', 'int', null, 'refused'],
    ['postgresql', 'constructor', 'int', null, 'refused'],
    ['postgresql', '()', 'int', null, 'refused'],
    ['postgresql', '', 'int', null, 'ok'],
    ['postgresql', 'INTEGER', 'constructor', null, 'ok'],
  ])('of %s, %j beside %s with length %j is %5$s', (dialect, override, datatype, length, verdict) => {
    expect(verdictOf(checkRedundantType(dialect, override, datatype, length)?.message)).toBe(verdict)
  })

  it('that is unknown is named in upper case, as Felis does', () => {
    expect(checkRedundantType('mysql', 'nope(3)', 'int', null)).toEqual({ message: 'Unsupported type: NOPE' })
  })

  it('never makes the check throw', () => {
    const name = fc.constantFrom(...DIALECTS.flatMap((dialect) => [...dialectTypes[dialect].keys()]))
    const list = fc.stringMatching(/^[0-9a,' ()-]*$/)
    const override = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.tuple(name, list).map(([word, args]) => `${word}(${args})`),
    )
    const length = fc.option(fc.oneof(fc.integer(), fc.double()))
    fc.assert(
      fc.property(fc.constantFrom(...DIALECTS), override, fc.constantFrom(...DATATYPES), length, (...given) => {
        expect(checkRedundantType(...given)).toEqual(checkRedundantType(...given))
      }),
      { numRuns: runs(400) },
    )
  })

  it('of millions of characters gets a short answer', () => {
    for (const text of ['a'.repeat(1e7), '('.repeat(1e7), `VARCHAR(${'9'.repeat(1e6)})`, `SET(${','.repeat(1e6)})`]) {
      expect(checkRedundantType('mysql', text, 'string', 5)?.message.length ?? 0).toBeLessThan(600)
    }
  })
})
