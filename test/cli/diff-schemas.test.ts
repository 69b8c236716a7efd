import { describe, expect, test } from 'vitest'
import type { SchemaDiff } from '../../shared/tap-schema/diff.ts'
import { buildRelease } from '../releases/build-archive.ts'
import { callAlmagest } from '../support/call-command.ts'
import { HAS_DATA, NEEDS_DATA, readReleaseFiles } from '../support/golden.ts'
import { sampleSchema } from '../support/sample-release.ts'
import { writeFolder } from './release-folder.ts'

const BEFORE = sampleSchema('survey')
const AFTER = BEFORE.replace('datatype: long', 'datatype: int').replace('name: dec', 'name: decl')

async function folder() {
  return {
    cwd: await writeFolder({
      'old.yaml': BEFORE,
      'new.yaml': AFTER,
      'schemas.tar.gz': await buildRelease({ 'survey.yaml': AFTER, 'other.yaml': sampleSchema('other') }),
      'set/a.yaml': sampleSchema('same'),
      'set/b.yaml': sampleSchema('same').replace('deg', 'rad'),
      'wrong.yaml': 'name: w\n',
    }),
  }
}

async function diff(args: readonly string[]) {
  const result = await callAlmagest(['diff-schemas', '--json', ...args], await folder())
  return { ...result, diff: result.json<SchemaDiff>() }
}

describe('diff-schemas', () => {
  test('two files are compared as two slots would be', async () => {
    const found = await diff(['old.yaml', 'new.yaml'])
    expect(found.code).toBe(0)
    expect(found.diff).toEqual({
      from: { slot: 'old.yaml', version: 'no version' },
      to: { slot: 'new.yaml', version: 'no version' },
      breaking: true,
      changes: [
        { kind: 'column', change: 'removed', name: 'survey.object.dec', breaking: true },
        { kind: 'column', change: 'added', name: 'survey.object.decl', breaking: false },
        {
          kind: 'column',
          change: 'changed',
          name: 'survey.object.object_id',
          breaking: true,
          fields: { datatype: { from: 'long', to: 'int', breaking: true } },
        },
      ],
    })
  })

  test('people read a line for each change, and a summary', async () => {
    const { stdout } = await callAlmagest(['diff-schemas', 'old.yaml', 'new.yaml'], await folder())
    expect(stdout).toMatch(/^old\.yaml \(no version\) -> new\.yaml \(no version\)\n/)
    expect(stdout).toContain('! - column survey.object.dec\n')
    expect(stdout).toMatch(/2 breaking\n$/)
  })

  test('a file and itself do not differ', async () => {
    expect((await diff(['old.yaml', 'old.yaml'])).diff.changes).toEqual([])
  })

  test('--fail-on decides the exit code', async () => {
    expect((await diff(['--fail-on', 'breaking', 'old.yaml', 'new.yaml'])).code).toBe(1)
    expect((await diff(['--fail-on', 'any', 'old.yaml', 'new.yaml'])).code).toBe(1)
    expect((await diff(['--fail-on', 'any', 'old.yaml', 'old.yaml'])).code).toBe(0)
  })

  test('a file is compared with what an archive holds', async () => {
    const found = await diff(['new.yaml', 'schemas.tar.gz'])
    expect(found.diff.to).toEqual({ slot: 'schemas.tar.gz', version: '2 schemas' })
    expect(found.diff.breaking).toBe(false)
    expect(found.diff.changes.map(({ name }) => name)).toEqual([
      'other',
      'other.object',
      'other.object.dec',
      'other.object.object_id',
      'other.object.ra',
    ])
  })

  test('schemas of one name in several files are distinguished', async () => {
    const found = await diff(['old.yaml', 'set'])
    const schemas = found.diff.changes.filter(({ kind }) => kind === 'schema').map(({ change, name }) => [change, name])
    expect(schemas).toEqual([
      ['added', 'a.yaml: same'],
      ['added', 'b.yaml: same'],
      ['removed', 'survey'],
    ])
  })

  test('keys of one name in several files are distinguished, where their schema does not distinguish them', async () => {
    const text = (schema: string, key: string) =>
      `name: ${schema}\ntables:\n- name: t\n  columns: [{name: a, datatype: int}]\n  constraints:\n  - {name: ${key}, "@type": ForeignKey, columns: ["#t.a"], referencedColumns: ["#t.a"]}\n`
    const cwd = await writeFolder({
      'before/a.yaml': text('a', 'k'),
      'before/b.yaml': text('b', 'k'),
      'after/a.yaml': text('a', 'other'),
      'after/b.yaml': text('b', 'k'),
    })
    const changes = async (option: string) => {
      const { stdout } = await callAlmagest(['diff-schemas', '--json', option, 'before', 'after'], { cwd })
      const diff = JSON.parse(stdout) as SchemaDiff
      return diff.changes.map(({ change, name, formerName }) => `${change} ${formerName} ${name}`)
    }
    expect(await changes('--no-unique-keys')).toEqual(['renamed a.yaml: k other'])
    expect(await changes('--unique-keys')).toEqual(['renamed a_k a_other'])
  })

  test('a side with errors is reported with its problems', async () => {
    const { code, stdout, stderr } = await callAlmagest(['diff-schemas', 'old.yaml', 'wrong.yaml'], await folder())
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/wrong\.yaml:1/)
  })

  test('a side that is not there is wrong usage', async () => {
    const { code, stderr } = await callAlmagest(['diff-schemas', 'nowhere.yaml', 'old.yaml'], await folder())
    expect(code).toBe(2)
    expect(stderr).toContain('nowhere.yaml: ')
  })
})

describe.skipIf(!HAS_DATA)(`releases${NEEDS_DATA}`, () => {
  test('a release and itself do not differ', async () => {
    const cwd = await writeFolder(Object.fromEntries(await readReleaseFiles('w.2026.34')))
    const { code, stdout } = await callAlmagest(['diff-schemas', '--json', '--fail-on', 'any', '.', '.'], { cwd })
    expect(code).toBe(0)
    expect(JSON.parse(stdout).changes).toEqual([])
  })
})
