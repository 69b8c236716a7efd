import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const SPEC = join(import.meta.dirname, '../../../shared/spec/qserv.md')
const HAS_SPEC = existsSync(SPEC)
const TESTS = join(import.meta.dirname, '..')

/** Rules of the API by section, bugs of the present bridge by number, lessons of its changelog by version. */
function readNumbers(): readonly string[] {
  const spec = readFileSync(SPEC, 'utf8')
  const section = (number: string) => spec.split(`### ${number} `)[1]?.split('\n##')[0] ?? ''
  const rules = [...spec.matchAll(/^### (1\.\d+) /gm)].map(([, number]) => `§${number}`)
  const bugs = [...section('2.5').matchAll(/^(\d+)\. /gm)].map(([, number]) => `§2.5.${number}`)
  const lessons = [...section('2.6').matchAll(/^\| ([\d./]+) /gm)].flatMap(([, versions = '']) =>
    versions.split('/').map((version) => `§2.6 ${version}`),
  )
  return [...rules, ...bugs, ...lessons]
}

test.skipIf(!HAS_SPEC)(
  `every number of the specification of Qserv has a test${HAS_SPEC ? '' : ' (skipped: no specification)'}`,
  () => {
    const numbers = readNumbers()
    expect(numbers.length).toBeGreaterThan(30)
    const titles = readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.ts'))
      .flatMap((name) => readFileSync(join(TESTS, name), 'utf8').split('\n'))
      .flatMap((line) => /['`].*§.*['`]/.exec(line)?.[0] ?? [])
    const isTitle = (number: string) => (title: string) =>
      title.includes(number) && !/^(?:\.?\d)/.test(title.slice(title.indexOf(number) + number.length))
    expect(numbers.filter((number) => !titles.some(isTitle(number)))).toEqual([])
  },
)
