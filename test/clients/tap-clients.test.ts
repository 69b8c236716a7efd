import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SKY_EXAMPLES } from '../../local/sample/examples.ts'
import { lazily } from '../../shared/lazily.ts'
import { escapeXml } from '../../shared/xml/characters.ts'
import type { JobsUnderTest } from '../functions/tap-jobs-service.ts'
import { readAnswer, type TapUnderTest } from '../functions/tap-service.ts'
import { HAS_STILTS, needs, runStiltsTasks } from '../support/clients.ts'
import { HAS_PYVO, lintTap, PYTHON, SMOKE, STAGES, smokeTap } from './acceptance.ts'
import { startSky } from './sky-service.ts'

const run = promisify(execFile)

let jobs: JobsUnderTest
let tap: TapUnderTest

beforeAll(async () => {
  jobs = await startSky()
  tap = jobs.tap
})

afterAll(() => jobs.stop())

test.each(SKY_EXAMPLES)('the example $name runs, and finds something', async ({ query }) => {
  const { rows, status } = readAnswer(await tap.query(query))
  expect([status, rows.length > 0]).toEqual(['OK', true])
  expect((await tap.get('/examples')).text).toContain(escapeXml(query))
})

describe.skipIf(!HAS_STILTS)(`STILTS${needs(HAS_STILTS, 'stilts')}`, () => {
  test('taplint finds no error and nothing to warn of', async () => {
    const { reports, codes, totals } = await lintTap(tap.url, STAGES)
    expect(reports).toEqual([])
    expect(codes).toEqual(expect.arrayContaining(STAGES))
    expect(totals).toMatchObject({ ERROR: 0, WARNING: 0, FAILURE: 0 })
  })

  test.each(Object.keys(RESULTS))('votlint has nothing to say of %s', async (what) => {
    expect((await printed()).get(what)).toBe('')
  })

  test.each(Object.keys(DOCUMENTS))('xsdvalidate takes %s', async (path) => {
    expect((await printed()).get(path)).toBe('')
  })
})

const RESULTS: Readonly<Record<string, readonly [adql: string, parameters: Readonly<Record<string, string>>]>> = {
  BINARY2: ['SELECT TOP 50 * FROM sky.stars', {}],
  TABLEDATA: ['SELECT TOP 50 * FROM sky.deep_sky', { RESPONSEFORMAT: 'votable/td' }],
  shapes: ['SELECT POINT(ra, dec) AS p, CIRCLE(ra, dec, 1) AS c FROM sky.stars WHERE hip < 100', {}],
  'text/xml': ['SELECT * FROM ivoa.ObsCore', { RESPONSEFORMAT: 'text/xml' }],
  'an overflow': ['SELECT ra, ra, name FROM sky.stars', { MAXREC: '3' }],
  'no rows': ['SELECT * FROM sky.stars', { MAXREC: '0' }],
  'an error': ['SELECT rra FROM sky.stars', {}],
}

/** What each has at its top. */
const DOCUMENTS: Readonly<Record<string, string>> = {
  '/capabilities': 'capabilities',
  '/tables': 'tableset',
  '/tables?detail=min': 'tableset',
  '/tables/sky.stars': 'table',
  '/availability': 'availability',
}

/** What STILTS prints of all of them, in one process. */
const printed = lazily(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'almagest-clients-'))
  const tasks = new Map<string, readonly string[]>()
  const keep = async (content: Uint8Array) => {
    const file = join(folder, `${tasks.size}.xml`)
    await writeFile(file, content)
    return file
  }
  for (const [what, [adql, parameters]] of Object.entries(RESULTS)) {
    const { content } = await tap.query(adql, parameters)
    tasks.set(what, ['votlint', `votable=${await keep(content)}`, 'ucd=true', 'unit=true'])
  }
  for (const [path, element] of Object.entries(DOCUMENTS)) {
    const { content } = await tap.get(path)
    tasks.set(path, ['xsdvalidate', `doc=${await keep(content)}`, 'uselocals=true', `topel=${element}`])
  }
  const texts = await runStiltsTasks([...tasks.values()])
  await rm(folder, { recursive: true })
  return new Map([...tasks.keys()].map((what, index) => [what, texts[index]]))
})

describe.skipIf(!HAS_PYVO)(`pyvo${needs(HAS_PYVO, `pyvo or ${SMOKE}`)}`, () => {
  test('does all that a TAP service can do', async () => {
    const checks = await smokeTap(tap.url)
    const others = checks.filter(({ status }) => status !== 'PASS')
    // Lists show nobody the jobs of those who have no name (UWS-6).
    expect(others).toEqual([expect.objectContaining({ name: 'uws.joblist', status: 'SKIP' })])
    expect(checks).toHaveLength(25)
  })

  test('reads all of TAP_SCHEMA, with descriptions beyond ASCII', async () => {
    const { stdout } = await run(PYTHON ?? '', ['-c', READ_TAP_SCHEMA, tap.url], { maxBuffer: 1 << 26 })
    const descriptions = JSON.parse(stdout) as Readonly<Record<string, readonly string[]>>
    expect(Object.keys(descriptions)).toEqual(['schemas', 'tables', 'columns', 'keys'])
    expect(descriptions.columns).toContain('Colour B − V.')
    expect(descriptions.columns).toContain(
      'Bayer or Flamsteed designation or variable star name with constellation (α Ori).',
    )
  })
})

const READ_TAP_SCHEMA = `
import json, sys, pyvo
service = pyvo.dal.TAPService(sys.argv[1])
read = lambda table: [str(row["description"]) for row in service.search("SELECT * FROM tap_schema." + table)]
print(json.dumps({table: read(table) for table in ["schemas", "tables", "columns", "keys"]}))
`
