import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readYaml } from '../../shared/yaml/read.ts'
import { callAlmagest } from '../support/call-command.ts'
import { writeFolder } from './release-folder.ts'

const BASE = 'name: base\ntables:\n- {name: b, columns: [{name: c, datatype: string, length: 4}]}\n'
const SURVEY =
  'name: survey\nresources: {base: {uri: base.yaml}}\ntables:\n- name: t\n  columnRefs: {base: {b: {c: null}}}\n  columns: [{name: a, datatype: double, value: 1.0}]\n'

async function folder() {
  return { cwd: await writeFolder({ 'survey.yaml': SURVEY, 'base.yaml': BASE, 'wrong.yaml': 'name: w\n' }) }
}

describe('dump', () => {
  test('prints YAML with what was worked out', async () => {
    const { code, stdout, stderr } = await callAlmagest(['dump', 'survey.yaml'], await folder())
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain("'@id': '#t.a'")
    expect(stdout).toContain('value: 1.0')
    expect(stdout).toContain('columnRefs:')
  })

  test('prints JSON that YAML reads in the same way', async () => {
    const at = await folder()
    const yaml = await callAlmagest(['dump', 'survey.yaml'], at)
    const json = await callAlmagest(['dump', '--json', 'survey.yaml'], at)
    expect(json.json()).toMatchObject({ name: 'survey', tables: [{ name: 't', columns: [{ name: 'a' }] }] })
    expect(readYaml(json.stdout)).toMatchObject({ value: (readYaml(yaml.stdout) as { value: unknown }).value })
  })

  test('a dereferenced schema stands alone', async () => {
    const options = ['--dereference-resources', '--strip-ids', '--column-ref-index-increment', '10']
    const { stdout } = await callAlmagest(['dump', ...options, 'survey.yaml'], await folder())
    expect(stdout).toBe(
      [
        'name: survey',
        'tables:',
        '- name: t',
        '  columns:',
        '  - name: a',
        '    datatype: double',
        '    value: 1.0',
        '  - name: c',
        '    datatype: string',
        '    length: 4',
        '    tap:column_index: 10',
        "    votable:arraysize: '4*'",
        '',
      ].join('\n'),
    )
  })

  test('reads standard input', async () => {
    const { code, stdout } = await callAlmagest(['dump', '-'], { stdin: BASE })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^name: base\n/)
  })

  test('a file with errors is reported with its problems and not printed', async () => {
    const at = await folder()
    const { code, stdout, stderr } = await callAlmagest(['dump', 'wrong.yaml'], at)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/wrong\.yaml:1:1: tables: a schema must have 'tables'/)
  })

  test.each([
    ['a file that is not there', ['nowhere.yaml'], /nowhere\.yaml: .*there is no such file/],
    ['a folder of several schemas', ['.'], /holds 3 schemas: name one file/],
    ['two formats', ['--json', '--format', 'yaml', 'survey.yaml'], /exclude each other/],
  ])('%s is wrong usage', async (_, args, said) => {
    const { code, stdout, stderr } = await callAlmagest(['dump', ...args], await folder())
    expect(code).toBe(2)
    expect(stdout + stderr).toMatch(said)
  })

  test('what it prints is valid', async () => {
    const at = await folder()
    const { stdout } = await callAlmagest(['dump', 'survey.yaml'], at)
    const result = await callAlmagest(['validate', '-'], { cwd: join(at.cwd), stdin: stdout })
    expect(result).toMatchObject({ code: 0, stdout: '1 file: ok\n' })
  })
})
