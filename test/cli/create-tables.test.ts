import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { buildRelease } from '../releases/build-archive.ts'
import { callAlmagest } from '../support/call-command.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { sampleSchema } from '../support/sample-release.ts'
import { readCatalogue } from '../tables/read-catalogue.ts'
import { writeFolder } from './release-folder.ts'

const folder = async () =>
  writeFolder({
    'survey.yaml': sampleSchema('survey'),
    'release/schemas.tar.gz': await buildRelease({ 'a.yaml': sampleSchema('a'), 'b.yaml': 'name: broken\n' }),
    'wrong.yaml': `${sampleSchema('wrong')}  primaryKey: "#object.gone"\n`,
  })

test('the script and the command make the same tables', async () => {
  const file = join(await folder(), 'survey.yaml')
  const [one, other] = [
    await createTestDatabase({ initialised: false }),
    await createTestDatabase({ initialised: false }),
  ]
  const reader = await one.createLogin()
  const made = await callAlmagest(['create-tables', '--json', '--database', one.url, '--reader', reader, file])
  expect(made.json()).toEqual({
    outcome: 'created',
    schemas: ['survey'],
    tables: 1,
    indexes: 1,
    geometry: 'portable',
    readers: [reader],
  })
  const printed = await callAlmagest(['create-tables', '--dry-run', '--reader', reader, file])
  await other.pool.query(printed.stdout)
  expect(await readCatalogue(other.pool, 'survey')).toEqual(await readCatalogue(one.pool, 'survey'))
  expect((await other.poolAs(reader).query('select * from survey.object')).rows).toEqual([])

  const written = `${file}.sql`
  expect(await callAlmagest(['create-tables', '--output-file', written, '--reader', reader, file])).toMatchObject({
    code: 0,
    stdout: '',
  })
  expect(await readFile(written, 'utf8')).toBe(printed.stdout)
})

test('of a release those schemas that are named are made, whatever is wrong with the others', async () => {
  const release = join(await folder(), 'release')
  const { code, stdout } = await callAlmagest(['create-tables', '--dry-run', '--schemas', 'a', release])
  expect(code).toBe(0)
  expect(stdout).toContain('create table "a"."object"')
  const all = await callAlmagest(['create-tables', '--dry-run', release])
  expect(all.code).toBe(1)
  expect(all.stderr).toContain('/b.yaml:1:1:')
  const missing = await callAlmagest(['create-tables', '--dry-run', '--schemas', 'aa', release])
  expect(missing).toMatchObject({ code: 2 })
  expect(missing.stderr).toContain('there is no schema file called aa: did you mean a?')
})

test('what cannot be made is reported with file and line, and what excludes each other is refused', async () => {
  const path = await folder()
  const wrong = await callAlmagest(['create-tables', '--dry-run', join(path, 'wrong.yaml')])
  expect(wrong.code).toBe(1)
  expect(wrong.stderr).toMatch(/wrong\.yaml:8:15: .*'#object\.gone' is not the id of a column/)
  for (const flags of [
    ['--drop', '--if-not-exists'],
    ['--dry-run', '--output-file', 'x'],
    ['--geometry', 'flat'],
  ]) {
    expect((await callAlmagest(['create-tables', ...flags, join(path, 'survey.yaml')])).code).toBe(2)
  }
  const nowhere = join(path, 'none', 'x.sql')
  const lost = await callAlmagest(['create-tables', '--output-file', nowhere, join(path, 'survey.yaml')])
  expect(lost.stderr).toContain(`cannot write ${nowhere}: there is no such file or folder`)
})
