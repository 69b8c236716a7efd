import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Command } from 'commander'
import { beforeAll, describe, expect, test } from 'vitest'
import { addLoaderOptions, readLoaderOptions } from '../../cli/commands/loader-options.ts'
import { computeRows, InvalidSchemaError } from '../../cli/felis-files/compute-rows.ts'
import { sortRows } from '../../cli/felis-files/sort-rows.ts'
import { UsageError } from '../../cli/terminal/usage-error.ts'
import { DEFAULT_CONTEXT } from '../../shared/felis/context.ts'
import { FelisLoader } from '../../shared/felis/load.ts'
import { formatProblem } from '../../shared/problem.ts'
import { buildRows } from '../../shared/tap-schema/build-rows.ts'
import { DEPLOYED, type LoaderOptions, PLAIN } from '../../shared/tap-schema/options.ts'
import { callAlmagest } from '../support/call-command.ts'
import {
  type GoldenTables,
  HAS_DATA,
  NEEDS_DATA,
  readGolden,
  readReleaseFiles,
  withUnicodeText,
} from '../support/golden.ts'
import { runAlmagest } from '../support/run-command.ts'
import { sampleSchema } from '../support/sample-release.ts'
import { writeFolder } from './release-folder.ts'

function openLoader(files: ReadonlyMap<string, string>, options: LoaderOptions): FelisLoader {
  const { columnRefIndexIncrement, unboundedArraysize } = options
  return new FelisLoader(files, { ...DEFAULT_CONTEXT, columnRefIndexIncrement, unboundedArraysize })
}

describe.skipIf(!HAS_DATA)(
  `the rows of w.2026.34 are those of Felis, with unicodeChar for free text of TAP_SCHEMA${NEEDS_DATA}`,
  () => {
    let release: ReadonlyMap<string, string> = new Map()
    beforeAll(async () => {
      release = await readReleaseFiles('w.2026.34')
    })

    test.each([
      ['deployed', 'dp02_dc2'],
      ['deployed', 'dp03_10yr'],
      ['deployed', 'dp03_1yr'],
      ['deployed', 'dp1'],
      ['deployed', 'dp2'],
      ['deployed', 'ivoa_obscore'],
      ['deployed', 'oga_live_obscore'],
      ['deployed', 'ppdb'],
      ['plain', 'cdb_latiss'],
      ['plain', 'dp03_10yr'],
      ['plain', 'dp1'],
      ['plain', 'ivoa_obscore'],
      ['plain', 'ppdb'],
    ])('%s %s', (profile, schema) => {
      const options = profile === 'plain' ? PLAIN : DEPLOYED
      const loaded = openLoader(release, options).load(`${schema}.yaml`)
      const rows = sortRows(buildRows([loaded], options).rows, options)
      const golden = readGolden<GoldenTables>(`felis/${profile === 'plain' ? 'default' : profile}/${schema}.json`)
      expect(rows).toEqual(withUnicodeText(golden))
    })

    test('several files are one set, numbered in their order', async () => {
      const folder = await writeFolder(Object.fromEntries(release))
      const files = ['dp2', 'dp1', 'ivoa_obscore', 'dp02_dc2'].map((schema) => join(folder, `${schema}.yaml`))
      const result = await callAlmagest(['rows', '--json', ...files])
      expect(result.json()).toEqual(withUnicodeText(readGolden<GoldenTables>('felis/tap-sets/tap.json')))
    })
  },
)

const SURVEY = sampleSchema('survey')

describe('rows', () => {
  test('a file and standard input give the same rows', async () => {
    const folder = await writeFolder({ 'survey.yaml': SURVEY })
    const named = await callAlmagest(['rows', '--json', join(folder, 'survey.yaml')])
    const piped = await runAlmagest(['rows', '--json', '-'], { stdin: SURVEY })
    expect(named).toMatchObject({ code: 0, stderr: '' })
    expect(named.json<GoldenTables>().tables.rows).toHaveLength(6)
    expect(piped.stdout).toBe(named.stdout)
  })

  test('resources are found beside the file, and files that are not asked for are not read', async () => {
    const folder = await writeFolder({
      'survey.yaml':
        'name: survey\nresources: {base: {uri: base.yaml}}\ntables:\n- name: t\n  columnRefs: {base: {object: {ra: null}}}\n',
      'base.yaml': sampleSchema('base'),
      'broken.yaml': Buffer.from([0xff, 0x00]),
    })
    const result = await callAlmagest(['rows', '--json', join(folder, 'survey.yaml')])
    expect(result).toMatchObject({ code: 0, stderr: '' })
    const columns = result.json<GoldenTables>().columns
    expect(columns.rows.filter(([table]) => table === 'survey.t').map(([, column]) => column)).toEqual(['ra'])
  })

  test('rows are sorted by code points, as PostgreSQL does it in the C collation', async () => {
    const names = ['\u{ff21}', '\u{1f52d}', 'b', 'B', 'ab', 'a']
    const columns = names.map((name) => ({ name, datatype: 'int' }))
    const result = await callAlmagest(['rows', '--json', '-'], { stdin: sampleSchema('s', { t: columns }) })
    const found = result
      .json<GoldenTables>()
      .columns.rows.filter(([table]) => table === 's.t')
      .map(([, column]) => column)
    expect(found).toEqual(['B', 'a', 'ab', 'b', '\u{ff21}', '\u{1f52d}'])
  })

  test('the profile decides, and single options change it', () => {
    const index = (...flags: string[]) => {
      const command = addLoaderOptions(new Command(), { postfix: true }).parse(flags, { from: 'user' })
      const options = readLoaderOptions(command.opts())
      const loaded = openLoader(new Map([['survey.yaml', SURVEY]]), options).load('survey.yaml')
      const { columns, rows } = sortRows(buildRows([loaded], options).rows, options).schemas
      return [columns.length, rows.find(([name]) => name === 'survey')?.[3]]
    }
    expect(index()).toEqual([9, 1])
    expect(index('--profile', 'deployed')).toEqual([9, 1])
    expect(index('--no-extensions')).toEqual([4, 1])
    expect(index('--profile', 'plain')).toEqual([4, null])
    expect(index('--profile', 'plain', '--first-schema-index', '5')).toEqual([4, 5])
    expect(index('--first-schema-index', 'none')).toEqual([9, null])
  })

  test('a pipe is read as a file is', async () => {
    const folder = await writeFolder({ 'survey.yaml': SURVEY })
    execFileSync('mkfifo', ['pipe'], { cwd: folder })
    const writer = spawn('sh', ['-c', 'cat survey.yaml > pipe'], { cwd: folder, stdio: 'ignore' })
    const piped = await computeRows([join(folder, 'pipe')], PLAIN)
    expect(piped.rows).toEqual((await computeRows([join(folder, 'survey.yaml')], PLAIN)).rows)
    if (writer.exitCode === null) await once(writer, 'exit')
  })

  test('without --json it is a table for each table, one line a row', async () => {
    const stdin = SURVEY.replace('name: survey\n', 'name: survey\ndescription: "two\\nlines \\e[31m"\n')
    const { code, stdout } = await callAlmagest(['rows', '--profile', 'plain', '-'], { stdin })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^tap_schema\.schemas \(2 rows; null: utype\)\nschema_name +description +schema_index$/m)
    expect(stdout).toMatch(/^survey +two\\nlines \\x1b\[31m/m)
    expect(stdout).toMatch(/^survey\.object +ra +pos\.eq\.ra +deg +double/m)
    expect(stdout).not.toContain('\x1b')
  })

  test('a schema without tables is shown: nothing forbids it in Felis', async () => {
    const result = await callAlmagest(['rows', '--json', '-'], { stdin: 'name: s\ntables: []\n' })
    expect(result.code).toBe(0)
    expect(result.json<GoldenTables>().tables.rows).toHaveLength(5)
  })

  test('every problem of every file is reported with its place, and no rows', async () => {
    const folder = await writeFolder({
      'a.yaml': 'name: a\ntables:\n- name: t\n  columns:\n  - {name: x, datatype: dubble}\n  - {name: y}\n',
      'b.yaml': 'name: b\ntables: 5\n',
    })
    const files = [join(folder, 'a.yaml'), join(folder, 'b.yaml')]
    const { code, stdout, stderr } = await callAlmagest(['rows', ...files])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/3 errors/)
    expect(stderr).toMatch(/^ {2}\S*\/a\.yaml:5(:\d+)?: tables\.0\.columns\.0\.datatype: /m)
    expect(stderr).toMatch(/^ {2}\S*\/a\.yaml:6(:\d+)?: tables\.0\.columns\.1/m)
    expect(stderr).toMatch(/^ {2}\S*\/b\.yaml:2(:\d+)?: tables: /m)
    const machine = await callAlmagest(['rows', '--json', ...files])
    expect(machine).toMatchObject({ code: 1, stderr: '' })
    const { error } = machine.json<{ error: { code: string; problems: { file: string; line: number }[] } }>()
    expect(error.code).toBe('invalid_schema')
    expect(error.problems.map(({ file, line }) => [file, line])).toEqual([
      [files[0], 5],
      [files[0], 6],
      [files[1], 2],
    ])
  })

  test('two files of one schema name are a problem', async () => {
    const folder = await writeFolder({ 'a.yaml': SURVEY, 'b.yaml': SURVEY })
    const { code, stderr } = await callAlmagest(['rows', join(folder, 'a.yaml'), join(folder, 'b.yaml')])
    expect(code).toBe(1)
    expect(stderr).toContain('survey')
  })

  test.each([
    ['that is not there', 'nowhere.yaml', UsageError, /nowhere\.yaml: there is no such file/],
    ['that is a folder', '.', UsageError, /is a folder/],
    ['that is not UTF-8', 'latin1.yaml', InvalidSchemaError, /latin1\.yaml: .*UTF-8.* in line 1/],
    ['that is not YAML', 'open.yaml', InvalidSchemaError, /open\.yaml:\d+/],
    ['that is empty', 'empty.yaml', InvalidSchemaError, /empty\.yaml/],
  ])('a file %s is an error that names it', async (_, name, kind, said) => {
    const folder = await writeFolder({
      'latin1.yaml': Buffer.from('name: caf\xe9\n', 'latin1'),
      'open.yaml': 'name: [a\n',
      'empty.yaml': '',
    })
    const error: unknown = await computeRows([join(folder, name)], DEPLOYED).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(kind)
    const problems = error instanceof InvalidSchemaError ? error.problems.map(formatProblem) : []
    expect([String(error), ...problems].join('\n')).toMatch(said)
  })

  test('a path that leads nowhere is wrong usage', async () => {
    const { code, stdout, stderr } = await callAlmagest(['rows', 'nowhere.yaml'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/nowhere\.yaml: there is no such file/)
  })
})
