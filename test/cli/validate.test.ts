import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { validateFiles } from '../../cli/felis-files/validate-files.ts'
import { CODES } from '../../shared/felis/codes.ts'
import type { Check } from '../../shared/felis/context.ts'
import { DEPLOYED } from '../../shared/tap-schema/options.ts'
import { findXmlFault } from '../../shared/xml/find-fault.ts'
import { buildRelease } from '../releases/build-archive.ts'
import { callAlmagest } from '../support/call-command.ts'
import { someOf } from '../support/effort.ts'
import { HAS_DATA, NEEDS_DATA, readGolden, readReleaseFiles } from '../support/golden.ts'
import type { RunOptions } from '../support/run-command.ts'
import { sampleSchema } from '../support/sample-release.ts'
import { writeFolder } from './release-folder.ts'

interface Problem {
  readonly file: string
  readonly line?: number
  readonly column?: number
  readonly path: string
  readonly code: string
  readonly severity: string
  readonly message: string
  readonly suggestion?: string
  readonly chain?: readonly string[]
}

interface Report {
  readonly file: string
  readonly ok: boolean
  readonly problems: readonly Problem[]
}

async function validate(args: readonly string[], options: RunOptions = {}) {
  const result = await callAlmagest(['validate', '--json', ...args], options)
  return { ...result, reports: result.json<Report[]>() }
}

const SURVEY = sampleSchema('survey')
const WRONG = 'name: wrong\ntables:\n- name: t\n  columns:\n  - {name: x, datatype: dubble}\n'
const key = (name: string) =>
  `name: ${name}\ntables:\n- name: t\n  columns:\n  - {name: a, datatype: int}\n  constraints:\n  - {name: k, "@type": ForeignKey, columns: ["#t.a"], referencedColumns: ["#t.a"]}\n`

describe('verdicts', () => {
  test('a sound file ends with 0 and says so in one line', async () => {
    const folder = await writeFolder({ 'survey.yaml': SURVEY })
    const result = await callAlmagest(['validate', join(folder, 'survey.yaml')])
    expect(result).toMatchObject({ code: 0, stdout: '1 file: ok\n', stderr: '' })
  })

  test('a schema or a table with nothing in it is a warning, because the loader refuses it', async () => {
    const hollow = 'name: hollow\ntables:\n- name: t\n  columns: []\n- name: u\n  columns: [{name: a, datatype: int}]\n'
    const cwd = await writeFolder({ 'empty.yaml': 'name: empty\ntables: []\n', 'hollow.yaml': hollow })
    const { code, reports } = await validate(['empty.yaml', 'hollow.yaml'], { cwd })
    expect(code).toBe(0)
    expect(reports.flatMap(({ problems }) => problems)).toMatchObject([
      { file: 'empty.yaml', line: 2, path: 'tables', code: 'empty', severity: 'warning' },
      { file: 'hollow.yaml', line: 3, path: 'tables.0', code: 'empty', severity: 'warning' },
    ])
    expect((await validate(['--strict', 'empty.yaml'], { cwd })).code).toBe(1)
  })

  test('all files are tried, and each has its own verdict', async () => {
    const cwd = await writeFolder({
      'a.yaml': WRONG,
      'b.yaml': SURVEY,
      'c.yaml': 'name: [',
      'd.yaml': Buffer.from([0x6e, 0xff]),
      'e.yaml': '',
    })
    const { code, reports } = await validate(['a.yaml', 'b.yaml', 'c.yaml', 'd.yaml', 'e.yaml'], { cwd })
    expect(code).toBe(1)
    expect(reports.map(({ file, ok }) => [file, ok])).toEqual([
      ['a.yaml', false],
      ['b.yaml', true],
      ['c.yaml', false],
      ['d.yaml', false],
      ['e.yaml', false],
    ])
    expect(reports.map(({ problems }) => problems.map((problem) => problem.code))).toEqual([
      ['literal_error'],
      [],
      ['yaml_syntax'],
      ['not_utf8'],
      ['yaml_empty'],
    ])
  })

  test('a path that leads nowhere is wrong usage, but the others are tried', async () => {
    const cwd = await writeFolder({ 'a.yaml': SURVEY, 'empty/readme.txt': '' })
    const { code, reports } = await validate(['nowhere.yaml', 'a.yaml', 'empty'], { cwd })
    expect(code).toBe(2)
    expect(reports.map(({ file, ok }) => [file, ok])).toEqual([
      ['a.yaml', true],
      ['nowhere.yaml', false],
      ['empty', false],
    ])
    expect(reports[1]?.problems[0]?.message).toContain('there is no such file')
    expect(reports[2]?.problems[0]?.message).toContain('no .yaml file')
  })

  test('warnings fail with --strict only', async () => {
    const stdin = SURVEY.replace('datatype: long', 'datatype: long, length: 8')
    const lax = await validate(['-'], { stdin })
    expect(lax.code).toBe(0)
    expect(lax.reports[0]).toMatchObject({ ok: true, problems: [{ code: 'length_unused', severity: 'warning' }] })
    const strict = await validate(['--strict', '-'], { stdin })
    expect(strict.code).toBe(1)
    expect(strict.reports[0]?.ok).toBe(false)
  })

  test('the checks are those that were asked for', async () => {
    const codes = async (...flags: string[]) => {
      const { code, reports } = await validate([...flags, '-'], { stdin: SURVEY })
      return [code, [...new Set(reports[0]?.problems.map((problem) => problem.code))].join()]
    }
    expect(await codes()).toEqual([0, ''])
    expect(await codes('--check-description')).toEqual([1, 'description_missing'])
    expect(await codes('--check-tap-table-indexes')).toEqual([1, 'table_index_missing'])
    expect(await codes('--check-tap-principal')).toEqual([1, 'principal_missing'])
    expect(await codes('--no-id-generation')).toEqual([1, 'missing'])
    expect(await codes('--check-redundant-datatypes')).toEqual([0, ''])
  })

  test('a text that TAP_SCHEMA cannot hold is a warning, in the place where it was written', async () => {
    const stdin = SURVEY.replace('name: object_id', `name: ${'x'.repeat(70)}`)
    const { code, reports } = await validate(['-'], { stdin })
    expect(code).toBe(0)
    expect(reports[0]?.problems).toMatchObject([{ line: 5, code: 'row_text_too_long', severity: 'warning' }])
  })
})

describe('what is validated', () => {
  test('a folder stands for the files that publish takes of it, by paths that are there', async () => {
    const files = {
      's/yml/b.yaml': key('b'),
      's/yml/deep/a.yaml': key('a'),
      's/yml/.hidden.yaml': WRONG,
      's/yml/notes.yml': WRONG,
      'parts/one/a.yaml': key('a'),
      'parts/two/b.yaml': key('b'),
    }
    const cwd = await writeFolder(files)
    const repository = await validate(['s'], { cwd })
    expect(repository.reports.map(({ file }) => file)).toEqual(['s/yml/b.yaml'])
    const direct = await validate(['s/yml'], { cwd })
    expect(direct.reports).toEqual(repository.reports)
    const people = await callAlmagest(['validate', 's'], { cwd })
    expect(people.stderr).toBe(
      'not looked at, as publish leaves them out: s/yml/deep/a.yaml; name their folder to check them\n',
    )
    // A folder of folders is none that could be published.
    const parts = await validate(['parts', '--no-check-set'], { cwd })
    expect(parts.reports.map(({ file }) => file)).toEqual(['parts/one/a.yaml', 'parts/two/b.yaml'])
  })

  test('an archive stands for its schemas, and so does the folder that holds it', async () => {
    const archive = await buildRelease({ 'survey.yaml': SURVEY, 'wrong.yaml': WRONG })
    const cwd = await writeFolder({ 'schemas.tar.gz': archive })
    const direct = await validate(['schemas.tar.gz'], { cwd })
    expect(direct.code).toBe(1)
    expect(direct.reports.map(({ file, ok }) => [file, ok])).toEqual([
      ['schemas.tar.gz/survey.yaml', true],
      ['schemas.tar.gz/wrong.yaml', false],
    ])
    const folder = await validate(['./'], { cwd })
    expect(folder.reports.map(({ file, ok }) => [file, ok])).toEqual([
      ['schemas.tar.gz/survey.yaml', true],
      ['schemas.tar.gz/wrong.yaml', false],
    ])
  })

  test('an archive that cannot be opened is reported, and the other paths are tried', async () => {
    const cwd = await writeFolder({ 'schemas.tar.gz': 'hello', 'a.yaml': SURVEY })
    const { code, reports } = await validate(['schemas.tar.gz', 'a.yaml'], { cwd })
    expect(code).toBe(1)
    expect(reports.map(({ file, ok }) => [file, ok])).toEqual([
      ['a.yaml', true],
      ['schemas.tar.gz', false],
    ])
    expect(reports[1]?.problems[0]?.code).toBe('not_gzip')
  })

  test('what is named twice is looked at once', async () => {
    const cwd = await writeFolder({ 'a.yaml': SURVEY })
    const { reports } = await validate(['a.yaml', './a.yaml', '.'], { cwd })
    expect(reports).toEqual([{ file: 'a.yaml', ok: true, problems: [] }])
  })

  test('a problem in a resource points into the resource and names the way there', async () => {
    const cwd = await writeFolder({
      's/a.yaml': 'name: a\nresources: {b: {uri: b.yaml}}\ntables: []\n',
      's/b.yaml': 'name: b\nresources: {c: {uri: c.yaml}}\ntables: []\n',
      's/c.yaml': WRONG,
    })
    const { reports } = await validate(['s/a.yaml'], { cwd })
    expect(reports).toHaveLength(1)
    expect(reports[0]?.problems).toContainEqual(
      expect.objectContaining({
        file: 's/c.yaml',
        line: 5,
        path: 'tables.0.columns.0.datatype',
        chain: ['s/a.yaml', 's/b.yaml', 's/c.yaml'],
      }),
    )
    const text = await callAlmagest(['validate', 's/a.yaml', 's/c.yaml'], { cwd })
    expect(text.stdout.match(/expected one of boolean/g)).toHaveLength(1)
  })

  test('a resource that is not text is reported as that', async () => {
    const cwd = await writeFolder({
      'a.yaml': 'name: a\nresources: {b: {uri: b.yaml}}\ntables: []\n',
      'b.yaml': Buffer.from([0x6e, 0xff]),
    })
    const { reports } = await validate(['a.yaml'], { cwd })
    expect(reports[0]?.problems.find(({ file }) => file === 'b.yaml')).toMatchObject({ code: 'not_utf8' })
  })
})

describe('a set', () => {
  test('names and keys that collide are warnings where they are written', async () => {
    const cwd = await writeFolder({ 'a.yaml': key('a'), 'b.yaml': key('b'), 'c.yaml': key('a') })
    const { code, reports } = await validate(['--together', '--no-unique-keys', 'a.yaml', 'b.yaml', 'c.yaml'], { cwd })
    expect(code).toBe(0)
    expect(reports.map(({ problems }) => problems.map((problem) => problem.code))).toEqual([
      [],
      ['keys_repeated'],
      ['schemas_repeated'],
    ])
    expect(reports[1]?.problems[0]).toMatchObject({ file: 'b.yaml', line: 7, severity: 'warning' })
    expect(reports[1]?.problems[0]?.message).toContain('a.yaml')
  })

  test('where nobody says which files are served together, names that they share are counted in one line', async () => {
    const folder = await writeFolder({ 'a.yaml': key('a'), 'b.yaml': key('a'), 'c.yaml': key('c') })
    const { code, stdout } = await callAlmagest(['validate', '--strict', folder])
    expect(code).toBe(0)
    expect(stdout).toBe(
      '1 name is in more than one file, which matters to one TAP server only: --together or --environment FILE shows them\n3 files: ok\n',
    )
  })

  test('of an environment those count that one server loads', async () => {
    const folder = await writeFolder({
      'yml/a.yaml': key('a'),
      'yml/b.yaml': key('a'),
      'yml/c.yaml': key('a'),
      'environment.yaml': `
tap:
  servers:
    one: {schemas: [a, b], databaseUrl: 'postgresql://h/one'}
    two: {schemas: [c], databaseUrl: 'postgresql://h/two'}
`,
    })
    const { stdout } = await callAlmagest([
      'validate',
      '--environment',
      join(folder, 'environment.yaml'),
      join(folder, 'yml'),
    ])
    expect(stdout).toMatch(/yml\/b\.yaml:1:7: warning: .*\(in the TAP server one\) \[schemas_repeated\]/)
    expect(stdout).not.toContain('c.yaml')
    expect(stdout).toContain('3 files: ok; 1 warning')
    expect(await callAlmagest(['validate', '--together', '--no-check-set', folder])).toMatchObject({ code: 2 })
  })

  test('--quiet prints what is wrong and nothing else', async () => {
    const folder = await writeFolder({ 'a.yaml': SURVEY, 'b.yaml': SURVEY })
    expect(await callAlmagest(['validate', '-q', folder])).toMatchObject({ code: 0, stdout: '', stderr: '' })
    const wrong = await writeFolder({ 'a.yaml': WRONG, 'b.yaml': SURVEY })
    const { code, stdout } = await callAlmagest(['validate', '--quiet', wrong])
    expect([
      code,
      stdout
        .trimEnd()
        .split('\n')
        .every((line) => line.includes('a.yaml:')),
    ]).toEqual([1, true])
    expect((await callAlmagest(['validate', '-q', '--json', folder])).json()).toHaveLength(2)
  })

  test('as JUnit reports, a file is a test', async () => {
    const folder = await writeFolder({ 'a.yaml': WRONG, 'b.yaml': SURVEY })
    const { code, stdout } = await callAlmagest(['validate', '--format', 'junit', folder])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites tests="2" failures="1">\n/)
    expect(stdout).toMatch(
      /<testcase name="[^"]*a\.yaml" classname="felis" file="[^"]*">\n\s*<failure message="[^"]+" type="\w+">/,
    )
    expect(stdout).toMatch(/<testcase name="[^"]*b\.yaml" classname="felis" file="[^"]*"\/>/)
    expect(findXmlFault(stdout)).toBeNull()
  })

  test('files for different TAP servers are not held against each other', async () => {
    const cwd = await writeFolder({ 'a.yaml': key('a'), 'b.yaml': key('a') })
    const { reports } = await validate(['--no-check-set', 'a.yaml', 'b.yaml'], { cwd })
    expect(reports.flatMap(({ problems }) => problems)).toEqual([])
  })
})

describe('the options are those of rows and stage', () => {
  const long = (schema: string) => key(schema).replace('name: k,', `name: ${'k'.repeat(60)},`)

  test('what rows refuses with the same options is a warning here', async () => {
    const cwd = await writeFolder({ 'a.yaml': long('orbits') })
    const { code, reports } = await validate(['a.yaml'], { cwd })
    expect(code).toBe(0)
    expect(reports[0]?.problems).toMatchObject([{ line: 7, code: 'row_text_too_long', severity: 'warning' }])
    expect(await callAlmagest(['rows', 'a.yaml'], { cwd })).toMatchObject({ code: 1 })
    expect((await validate(['--profile', 'plain', 'a.yaml'], { cwd })).reports[0]?.problems).toEqual([])
    expect(await callAlmagest(['rows', '--profile', 'plain', 'a.yaml'], { cwd })).toMatchObject({ code: 0 })
  })

  test('keys of one name in two releases are no warning, because the schema is in front', async () => {
    const cwd = await writeFolder({ 'dr1.yaml': key('dr1'), 'dr2.yaml': key('dr2') })
    expect(await validate(['--together', '--strict', 'dr1.yaml', 'dr2.yaml'], { cwd })).toMatchObject({ code: 0 })
    const plain = await validate(['--together', '--strict', '--profile', 'plain', 'dr1.yaml', 'dr2.yaml'], { cwd })
    expect(plain.code).toBe(1)
  })

  test('an empty name is a warning here and an error there', async () => {
    const stdin = 'name: lab\ntables:\n- name: ""\n  "@id": "#x"\n  columns: [{name: id, datatype: long}]\n'
    const { code, reports } = await validate(['-'], { stdin })
    expect(code).toBe(0)
    expect(reports[0]?.problems).toMatchObject([
      { line: 3, path: 'tables.0.name', code: 'name_empty', severity: 'warning' },
    ])
    expect(await callAlmagest(['rows', '-'], { stdin })).toMatchObject({ code: 1, stdout: '' })
  })
})

describe('formats', () => {
  test('text is one line a problem, and a summary', async () => {
    const { code, stdout } = await callAlmagest(['validate', '-'], { stdin: WRONG })
    expect(code).toBe(1)
    const [problem, summary] = stdout.split('\n')
    expect(problem).toMatch(/^\(standard input\):5:25: error: expected one of boolean, .*did you mean double/)
    expect(problem).toContain('[literal_error] at tables.0.columns.0.datatype')
    expect(summary).toBe('1 file: 1 failed; 1 error')
  })

  test('github gives annotations in which nothing of a file can be a command', async () => {
    const cwd = await writeFolder({ 'a,b:c.yaml': 'name: s\n"x\\n::error::%25": 1\ntables: []\n' })
    const { stdout } = await callAlmagest(['validate', '--format', 'github', 'a,b:c.yaml'], { cwd })
    const lines = stdout.split('\n')
    expect(lines[0]).toMatch(/^::error file=a%2Cb%3Ac\.yaml,line=2,col=1,title=extra_forbidden::/)
    expect(lines[0]).toContain('x%0A::error::%2525')
    expect(lines.filter((line) => line.startsWith('::'))).toHaveLength(1)
  })

  test('sarif names a rule and a region for each problem', async () => {
    const cwd = await writeFolder({ 'a b.yaml': WRONG })
    const result = await callAlmagest(['validate', '--format', 'sarif', 'a b.yaml'], { cwd })
    expect(result.code).toBe(1)
    const { version, runs } = result.json<{
      version: string
      runs: { tool: { driver: { rules: { id: string }[] } }; results: Record<string, unknown>[] }[]
    }>()
    expect(version).toBe('2.1.0')
    expect(runs[0]?.tool.driver.rules.map(({ id }) => id)).toEqual(Object.keys(CODES))
    expect(runs[0]?.results).toMatchObject([
      {
        ruleId: 'literal_error',
        ruleIndex: Object.keys(CODES).indexOf('literal_error'),
        level: 'error',
        locations: [
          { physicalLocation: { artifactLocation: { uri: 'a%20b.yaml' }, region: { startLine: 5, startColumn: 25 } } },
        ],
      },
    ])
  })

  test('two formats at once are wrong usage', async () => {
    const result = await callAlmagest(['validate', '--format', 'sarif', '--json', 'a.yaml'])
    expect(result.code).toBe(2)
  })
})

interface Verdict {
  readonly ok: boolean
  readonly errors?: readonly { readonly loc: readonly (string | number)[] }[]
}

const CHECKS: Readonly<Record<string, readonly Check[]>> = {
  plain: [],
  'redundant(CI)': ['redundant-datatypes'],
  description: ['description'],
  'table-indexes': ['tap-table-indexes'],
  principal: ['tap-principal'],
}

describe.skipIf(!HAS_DATA)(`the release gets the verdicts of Felis${NEEDS_DATA}`, () => {
  let files: ReadonlyMap<string, string> = new Map()
  beforeAll(async () => {
    files = await readReleaseFiles('w.2026.34')
  })

  test.each(someOf(Object.entries(CHECKS), 3))('%s', (name, checks) => {
    const matrix = readGolden<Record<string, Record<string, Verdict>>>('felis/validate-matrix.json')
    const place = { files, unreadable: new Map(), pathOf: (file: string) => file }
    const schemas = [...files.keys()].map((file) => ({ place, name: file }))
    const options = {
      loader: DEPLOYED,
      idGeneration: true,
      checks: new Set(checks),
      strict: false,
      together: { kind: 'all' } as const,
    }
    const { reports } = validateFiles({ schemas, lost: [] }, options)
    expect(reports.length).toBeGreaterThan(20)
    const known = reports.filter(({ file }) => matrix[file]?.[name] !== undefined)
    expect(known.length).toBeGreaterThan(8)
    expect(known.map(({ file, ok }) => [file, ok])).toEqual(known.map(({ file }) => [file, matrix[file]?.[name]?.ok]))
  })

  test('a folder of them, through the command line', async () => {
    const cwd = await writeFolder(Object.fromEntries(files))
    const { code, reports } = await validate(['--together', '--check-redundant-datatypes', '.'], { cwd })
    expect(code).toBe(0)
    expect(reports.filter(({ ok }) => ok)).toHaveLength(files.size)
    const codes = Map.groupBy(
      reports.flatMap(({ problems }) => problems),
      (problem) => problem.code,
    )
    expect(Object.fromEntries([...codes].map(([found, problems]) => [found, problems.length]))).toEqual({
      arraysize_not_text: 2,
      column_index_repeated: 2,
      // Columns called key and value; those of a resource count for each file that uses it.
      name_reserved: 41,
      schemas_repeated: 2,
    })
  })
})

test('every code that the checks use is in the table of codes', async () => {
  const root = join(import.meta.dirname, '../..')
  const files = [
    ...globSync('shared/felis/**/*.ts', { cwd: root }),
    'shared/tap-schema/row-limits.ts',
    'shared/tap-schema/build-rows.ts',
    'shared/tap-schema/schema-rows.ts',
    'cli/felis-files/schema-place.ts',
  ]
  const texts = await Promise.all(files.map((file) => readFile(join(root, file), 'utf8')))
  const patterns = [/\bcode: '([a-z_0-9]+)'/g, /reading, parent, key, '([a-z_]+)'/g, /'((?:yaml|resource)_[a-z_]+)'/g]
  const codes = texts.flatMap((text) =>
    patterns.flatMap((pattern) => [...text.matchAll(pattern)].map(([, code]) => code)),
  )
  expect(codes.length).toBeGreaterThan(60)
  expect([...new Set(codes)].filter((code) => code === undefined || !(code in CODES))).toEqual([])
})
