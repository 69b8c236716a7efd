import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EXTENSIONS } from '../../shared/adql/extensions.ts'
import { FUNCTIONS } from '../../shared/adql/functions/table.ts'
import { parseQuery } from '../../shared/adql/parse.ts'
import { writeReference } from '../../shared/adql/reference.ts'

const PAGE = join(import.meta.dirname, '../../docs/adql.md')

test('docs/adql.md is what `almagest adql --reference` prints', () => {
  expect(readFileSync(PAGE, 'utf8')).toBe(writeReference())
})

test('every extension is taken, and named, in its example', () => {
  const named = EXTENSIONS.map(({ example }) => parseQuery(example).extensions.map(({ name }) => name))
  expect(named).toEqual(EXTENSIONS.map(({ name }) => [name]))
})

test('no two functions have the same name', () => {
  const names = FUNCTIONS.map(({ name }) => name.toUpperCase())
  expect(new Set(names).size).toBe(names.length)
})
