import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Field } from '../../shared/environment/field.ts'
import { FIELDS } from '../../shared/environment/fields.ts'
import { FOREIGN_KEYS } from '../../shared/environment/foreign-keys.ts'
import { parseEnvironment } from '../../shared/environment/parse.ts'
import { renderRow, renderRowsBelow } from './field-row.ts'

const text = readFileSync(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8')
const lines = new Set(text.split('\n'))
const fields: readonly Field[] = FIELDS

describe('docs/configuration.md', () => {
  it.each(fields.map((field) => [field.key, field] as const))('describes %s as the code has it', (_, field) => {
    expect([...lines]).toContain(renderRow(field))
  })

  it('describes no key that the code does not have', () => {
    const rows = [...lines].filter((line) => line.startsWith('| `'))
    expect(rows.toSorted()).toEqual(fields.flatMap((field) => [renderRow(field), ...renderRowsBelow(field)]).toSorted())
  })

  it.each(FOREIGN_KEYS)("names Repertoire's key %s", (key) => {
    expect(text).toContain(`\`${key}\``)
  })

  it('has an example that can be used', () => {
    const [, example = ''] = /```yaml\n(.*?)```/s.exec(text) ?? []
    const { environment, problems } = parseEnvironment('example.yaml', example)
    expect(problems).toEqual([])
    expect([...(environment?.servers.keys() ?? [])]).toEqual(['tap', 'ssotap'])
    expect(environment?.releases?.bucket).toBe('example-sdm-schemas')
  })

  it('shows problems as they are reported', () => {
    const yaml = 'tap:\n  servers:\n    tap:\n      shemas: [a]\n      swap: sometimes\n'
    const { problems } = parseEnvironment('environment.yaml', yaml)
    for (const problem of problems) {
      if (problem.path.endsWith('shemas') || problem.path.endsWith('swap')) expect(text).toContain(problem.message)
    }
    expect(problems.map((problem) => problem.code)).toEqual(
      expect.arrayContaining(['unknown_key', 'invalid_value', 'missing_key']),
    )
  })
})
