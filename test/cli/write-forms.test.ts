import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createTables } from '../../shared/tap-schema/ddl.ts'
import { DEPLOYED, PLAIN } from '../../shared/tap-schema/options.ts'
import { TAP_TABLE_NAMES } from '../../shared/tap-schema/tables.ts'
import { callAlmagest } from '../support/call-command.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { sampleSchema } from '../support/sample-release.ts'
import { writeFolder } from './release-folder.ts'

const NASTY = sampleSchema('survey').replace(
  'name: survey',
  'name: survey\ndescription: "it\'s \\\\ a \\"test\\",\\n with \\x1b[31m colour"',
)

test.each([
  ['deployed', DEPLOYED, []],
  ['plain', PLAIN, ['--profile', 'plain']],
] as const)('rows --format sql fills an empty TAP_SCHEMA, profile %s', async (_, options, flags) => {
  const folder = await writeFolder({ 'survey.yaml': NASTY })
  const file = join(folder, 'survey.yaml')
  const { stdout, code } = await callAlmagest(['rows', '--format', 'sql', ...flags, file])
  expect(code).toBe(0)
  expect(stdout).not.toContain('\x1b')
  const { pool } = await createTestDatabase({ initialised: false })
  await pool.query('create schema tap_schema')
  await pool.query(createTables('tap_schema', options))
  await pool.query(stdout)
  const rows = (await callAlmagest(['rows', '--json', ...flags, file])).json<
    Record<string, { columns: string[]; rows: unknown[][] }>
  >()
  for (const name of TAP_TABLE_NAMES) {
    const { columns, rows: expected } = rows[name]!
    const found = await pool.query({
      text: `select ${columns.map((column) => `"${column}"`).join(', ')} from tap_schema.${name}${options.postfix}`,
      rowMode: 'array',
    })
    const sorted = (list: unknown[][]) => list.map((row) => JSON.stringify(row)).sort()
    expect([name, sorted(found.rows.map(trimBlanks))]).toEqual([name, sorted(expected)])
  }
})

/** char(n) comes back with blanks at its end. */
function trimBlanks(row: unknown[]): unknown[] {
  return row.map((value) => (typeof value === 'string' ? value.trimEnd() : value))
}

test('rows --format csv writes one table, or a file for each', async () => {
  const folder = await writeFolder({ 'survey.yaml': NASTY })
  const file = join(folder, 'survey.yaml')
  const { stdout } = await callAlmagest(['rows', '--format', 'csv', '--table', 'schemas', file])
  const [heading, ...lines] = stdout.split('\r\n')
  expect(heading).toMatch(/^schema_name,utype,description,schema_index/)
  expect(lines.join('\r\n')).toContain('survey,,"it\'s \\ a ""test"",\n with \x1b[31m colour",')
  expect(await callAlmagest(['rows', '--format', 'csv', file])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/--table \(schemas, tables/),
  })
  const target = join(folder, 'out')
  expect(await callAlmagest(['rows', '--format', 'csv', '--output', target, file])).toMatchObject({
    code: 0,
    stdout: '',
  })
  expect((await readdir(target)).sort()).toEqual(TAP_TABLE_NAMES.map((name) => `${name}.csv`).sort())
  expect(await readFile(join(target, 'schemas.csv'), 'utf8')).toBe(stdout)
})

test('dump writes a file, whose ending is the format', async () => {
  const folder = await writeFolder({ 'survey.yaml': sampleSchema('survey') })
  const [file, json, yaml] = ['survey.yaml', 'out.json', 'out.yaml'].map((name) => join(folder, name))
  for (const target of [json!, yaml!]) {
    expect(await callAlmagest(['dump', file!, '--output', target])).toMatchObject({ code: 0, stdout: '' })
  }
  expect(JSON.parse(await readFile(json!, 'utf8'))).toMatchObject({ name: 'survey' })
  expect(await readFile(yaml!, 'utf8')).toMatch(/^name: survey$/m)
  const nowhere = await callAlmagest(['dump', file!, '--output', join(folder, 'nowhere', 'x.yaml')])
  expect(nowhere).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot write') })
})

test('publish takes the files that validate looks at, and names them by the same paths', async () => {
  const folder = await writeFolder({
    'repo/yml/a.yaml': sampleSchema('a').replace('datatype: long', 'datatype: lung'),
    'repo/yml/old/b.yaml': 'name: b\n',
  })
  const path = join(folder, 'repo')
  const validated = await callAlmagest(['validate', '--json', path])
  const [report] = validated.json<{ file: string; problems: { line: number }[] }[]>()
  const published = await callAlmagest([
    'publish',
    '--json',
    '--version',
    'releases/1',
    '--to',
    join(folder, 'out'),
    path,
  ])
  const { error } = published.json<{ error: { problems: { file: string; line: number }[] } }>()
  expect(report!.file).toBe(join(path, 'yml', 'a.yaml'))
  expect(error.problems.map(({ file, line }) => [file, line])).toEqual([[report!.file, report!.problems[0]!.line]])
  expect(validated.json()).toHaveLength(1)
})

test('publish --quiet prints nothing of what went well', async () => {
  const folder = await writeFolder({ 'yml/a.yaml': sampleSchema('a') })
  const args = ['publish', '--quiet', '--version', 'releases/1', '--to', join(folder, 'out'), join(folder, 'yml')]
  expect(await callAlmagest(args)).toMatchObject({ code: 0, stdout: '', stderr: '' })
})
