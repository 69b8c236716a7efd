import { expect, test } from 'vitest'
import { makeJsonSchema } from '../../shared/felis/json-schema.ts'
import { callAlmagest } from '../support/call-command.ts'

test('json-schema prints the JSON Schema of Felis, and nothing else', async () => {
  const result = await callAlmagest(['json-schema'])
  expect(result).toMatchObject({ code: 0, stderr: '' })
  expect(result.json()).toEqual(JSON.parse(JSON.stringify(makeJsonSchema())))
})

test('its help has the line for the top of a file', async () => {
  const { stdout } = await callAlmagest(['json-schema', '--help'])
  expect(stdout).toContain('\n# yaml-language-server: $schema=felis.schema.json\n')
})
