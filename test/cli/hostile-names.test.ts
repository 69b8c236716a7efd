import { join } from 'node:path'
import { expect, test } from 'vitest'
import { formatDiff } from '../../shared/tap-schema/format-diff.ts'
import { callAlmagest } from '../support/call-command.ts'
import { writeFolder } from './release-folder.ts'

/** ESC, BEL, C1, overrides of the direction, separators of lines; as YAML writes them. */
const HOSTILE = String.raw`s\e[31m\a\x9b2J\u202egnp\u2066\u2028x\u2029\r\n::error::y`

const SCHEMA = `name: "${HOSTILE}"
description: "${HOSTILE}"
"${HOSTILE}": 1
tables:
- name: "t${HOSTILE}"
  description: "${HOSTILE}"
  columns:
  - {name: "c${HOSTILE}", datatype: int, description: "${HOSTILE}"}
`
const SOUND = SCHEMA.replace(/^".*\n/m, '')
const CHANGED = SOUND.replace('datatype: int', 'datatype: long')

/** What would steer a terminal, or the eyes of its reader, apart from line breaks of ours. */
const STEERS = /[^\P{Cc}\n]|[\p{Bidi_Control}\p{Zl}\p{Zp}]/u

test.each([
  ['validate', ['a.yaml']],
  ['validate', ['--format', 'github', 'a.yaml']],
  ['validate', ['--format', 'sarif', 'a.yaml']],
  ['validate', ['--json', 'a.yaml']],
  ['rows', ['b.yaml']],
  ['rows', ['--json', 'b.yaml']],
  ['dump', ['b.yaml']],
  ['dump', ['--json', 'b.yaml']],
  ['diff-schemas', ['b.yaml', 'c.yaml']],
  ['diff-schemas', ['--json', 'b.yaml', 'c.yaml']],
] as const)('%s %j sends nothing of a file that would steer a terminal', async (command, args) => {
  const folder = await writeFolder({ 'a.yaml': SCHEMA, 'b.yaml': SOUND, 'c.yaml': CHANGED })
  const given = args.map((arg) => (arg.endsWith('.yaml') ? join(folder, arg) : arg))
  const { stdout, stderr } = await callAlmagest([command, ...given])
  expect(stdout + stderr).not.toMatch(STEERS)
  expect(stdout).toMatch(/\\(x1b|u001b)/)
  expect(stdout).toContain('\\u202e')
  expect(stdout).not.toMatch(/^::error::y/m)
})

test('what is printed in JSON is what the file says', async () => {
  const folder = await writeFolder({ 'b.yaml': SOUND })
  const { json } = await callAlmagest(['dump', '--json', join(folder, 'b.yaml')])
  expect(json<{ description: string }>().description).toBe(
    's\u001b[31m\u0007\u009b2J\u202egnp\u2066\u2028x\u2029\r\n::error::y',
  )
})

test('the diff of a function, too', () => {
  const name = 's\u001b[2J\n! - schema b\u202e\u2028'
  const text = formatDiff({
    from: { slot: 'live', version: name },
    to: { slot: 'staging', version: null },
    breaking: true,
    leftOut: [name],
    changes: [
      { kind: 'table', change: 'added', name, breaking: false },
      {
        kind: 'column',
        change: 'changed',
        name,
        breaking: true,
        fields: { unit: { from: name, to: 1, breaking: true } },
      },
    ],
  })
  expect(text).not.toMatch(STEERS)
  expect(text.split('\n')).toHaveLength(7)
})
