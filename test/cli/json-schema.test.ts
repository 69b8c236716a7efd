import { expect, test } from 'vitest'
import { makeJsonSchema } from '../../shared/felis/json-schema.ts'
import { runAlmagest } from '../support/run-command.ts'

test('json-schema prints the JSON Schema of Felis, and nothing else', async () => {
  const result = await runAlmagest(['json-schema'])
  expect(result).toMatchObject({ code: 0, stderr: '' })
  expect(result.json()).toEqual(JSON.parse(JSON.stringify(makeJsonSchema())))
})

test('its help has the line for the top of a file', async () => {
  const { stdout } = await runAlmagest(['json-schema', '--help'])
  expect(stdout).toContain('\n# yaml-language-server: $schema=felis.schema.json\n')
})
