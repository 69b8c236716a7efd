import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { callAlmagest } from '../support/call-command.ts'
import { createTestDatabase } from '../support/postgres.ts'

const OLD = `
name: sky
tables:
- name: star
  description: stars
  primaryKey: "#star.id"
  columns:
  - {name: id, datatype: long, description: number}
  - {name: name, datatype: string, length: 7, nullable: false, description: name}
  - {name: note, datatype: string, length: 30, description: "a | b \`c\` <b>"}
  constraints:
  - {name: note_once, "@type": Unique, columns: ["#star.note"]}
`
/** TAP_SCHEMA says nothing of any of it: arraysize is * for every text, and null is no part of it. */
const NEW = OLD.replace('length: 7, nullable: false', 'length: 77')
  .replace('length: 30', 'length: 3')
  .replace('note_once', 'note_unique')

let folder: string
let paths: { readonly old: string; readonly next: string }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'almagest-test-'))
  await mkdir(join(folder, 'yml'))
  const files = { 'yml/sky.yaml': OLD, 'old.yaml': OLD, 'new.yaml': NEW }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args])
  git('init', '-q', '-b', 'main')
  git('add', 'yml')
  git('commit', '-qm', 'old')
  await writeFile(join(folder, 'yml', 'sky.yaml'), NEW)
  paths = { old: join(folder, 'old.yaml'), next: join(folder, 'new.yaml') }
  return () => rm(folder, { recursive: true, force: true })
})

const diff = (...args: string[]) => callAlmagest(['diff-schemas', ...args])

describe('the structure of the tables', () => {
  test('without --structure its changes are counted', async () => {
    const { stdout } = await diff(paths.old, paths.next)
    expect(stdout).toMatch(/\nno changes in TAP_SCHEMA; 4 outside it \(see --structure\)\n$/)
    const { stdout: json } = await diff('--json', paths.old, paths.next)
    expect(JSON.parse(json)).toMatchObject({ changes: [], breaking: false, outsideTapSchema: 4 })
  })

  test('what else TAP_SCHEMA says nothing of is counted beside its changes', async () => {
    const further = join(folder, 'further.yaml')
    await writeFile(further, NEW.replace('description: number', 'description: the number'))
    expect((await diff(paths.old, further)).stdout).toMatch(
      /1 column changed; compatible; in TAP_SCHEMA, 4 more outside it/,
    )
    expect((await diff(paths.next, further)).stdout).toMatch(/1 column changed; compatible\n$/)
  })

  test('people read each change, why it breaks something, and the SQL', async () => {
    const { code, stdout } = await diff('--structure', paths.old, paths.next)
    expect(code).toBe(0)
    expect(stdout).toContain(`no changes in TAP_SCHEMA
the tables of the database (PostgreSQL):
  ~ column sky.star.name
      type: varchar(7) -> varchar(77)
      nullable: no -> yes
        alter table "sky"."star" alter column "name" type varchar(77);
        alter table "sky"."star" alter column "name" drop not null;
! ~ column sky.star.note (values that do not fit make it fail or are changed)
!     type: varchar(30) -> varchar(3)
        alter table "sky"."star" alter column "note" type varchar(3) using "note"::varchar(3);
! + unique sky.star.note_unique (rows with the same values make it fail)
`)
    expect(stdout).toMatch(/\n4 changes of the tables; 2 breaking\n$/)
  })

  test('--fail-on counts them', async () => {
    expect((await diff('--fail-on', 'breaking', paths.old, paths.next)).code).toBe(0)
    expect((await diff('--structure', '--fail-on', 'breaking', paths.old, paths.next)).code).toBe(1)
  })

  test('as JSON, with all statements in order', async () => {
    const { stdout } = await diff('--structure', '--format', 'json', paths.old, paths.next)
    const { structure } = JSON.parse(stdout)
    expect(structure.breaking).toBe(true)
    expect(structure.changes[0]).toMatchObject({
      kind: 'column',
      change: 'changed',
      name: 'sky.star.name',
      breaking: false,
      fields: { type: { from: 'varchar(7)', to: 'varchar(77)', breaking: false } },
    })
    expect(structure.statements[0]).toMatch(/drop constraint "note_once"$/)
  })

  test('as annotations of the lines', async () => {
    const { stdout } = await diff('--structure', '--format', 'github', paths.old, paths.next)
    expect(stdout).toContain(
      `::warning file=${paths.next},line=10,title=breaking change (tables)::~ column sky.star.note: values that do not fit`,
    )
    expect(stdout).toContain(`::notice file=${paths.next},line=9,title=compatible change (tables)`)
  })

  test('as Markdown in which no name or description is markup', async () => {
    const { stdout } = await diff('--structure', '--format', 'markdown', paths.old, paths.next)
    expect(stdout).toContain('### Tables of the database: **2 breaking**, 2 compatible\n')
    expect(stdout).toMatch(/\| column changed \| `sky\.star\.note` \| `type: varchar\(30\) -> varchar\(3\)`<br>values/)
    expect(stdout).toContain('```sql\nalter table "sky"."star" drop constraint "note_once";')
    const described = join(folder, 'described.yaml')
    await writeFile(described, OLD.replace('a | b', 'a || b'))
    const { stdout: texts } = await diff('--format', 'markdown', paths.old, described)
    expect(texts).toContain('`` description: a \\| b `c` <b> -> a \\|\\| b `c` <b> ``')
  })

  test('a comment of thousands of changes stays within what GitHub takes', async () => {
    const columns = Array.from({ length: 4000 }, (_, index) => `  - {name: c${index}, datatype: int}`).join('\n')
    const wide = join(folder, 'wide.yaml')
    await writeFile(wide, OLD.replace('  constraints:', `${columns}\n  constraints:`))
    const { stdout } = await diff('--structure', '--format', 'markdown', wide, paths.old)
    expect(stdout.length).toBeLessThan(65_536)
    expect(stdout).toMatch(/… and \d+ more\./)
  })

  test('as SQL alone it is one transaction', async () => {
    const { stdout } = await diff('--structure', '--format', 'sql', paths.old, paths.next)
    expect(stdout).toMatch(/^begin;\nalter table [\s\S]*;\ncommit;\n$/)
    expect(await diff('--format', 'sql', paths.old, paths.next)).toMatchObject({ code: 2 })
    expect((await diff('--structure', '--format', 'sql', paths.old, paths.old)).stdout).toBe('-- nothing to change\n')
  })
})

describe('what is in git', () => {
  test('a file and a folder of a commit are compared with those on disk', async () => {
    const args = ['diff-schemas', '--structure', '--json']
    const file = await callAlmagest([...args, 'main:yml/sky.yaml', 'yml/sky.yaml'], { cwd: folder })
    const tree = await callAlmagest([...args, 'HEAD:yml', 'yml'], { cwd: folder })
    const here = await callAlmagest([...args, 'HEAD:./sky.yaml', 'sky.yaml'], { cwd: join(folder, 'yml') })
    for (const found of [file, tree, here]) {
      expect([found.code, found.stderr]).toEqual([0, ''])
      expect(found.json<{ structure: { changes: unknown[] } }>().structure.changes).toHaveLength(4)
    }
    expect(file.json()).toMatchObject({ from: { slot: 'main:yml/sky.yaml' } })
  })

  test('what git does not have is said', async () => {
    const commit = await callAlmagest(['diff-schemas', 'mian:yml', 'yml'], { cwd: folder })
    const path = await callAlmagest(['validate', 'main:yaml/sky.yaml'], { cwd: folder })
    expect(commit).toMatchObject({ code: 2, stderr: expect.stringMatching(/mian:yml: git does not have it: .*mian/) })
    expect(path).toMatchObject({ code: 2, stdout: expect.stringMatching(/main:yaml\/sky\.yaml.*git does not have it/) })
  })
})

test('a file is compared with the tables of a database', async () => {
  const { url, pool } = await createTestDatabase({ initialised: false })
  const create = await callAlmagest(['create-tables', '--database', url, paths.old])
  expect(create.code).toBe(0)
  const same = await diff(paths.old, '--database', url)
  expect([same.code, same.stdout]).toEqual([0, expect.stringMatching(/old\.yaml \(sky\)\nno changes of the tables\n$/)])
  await pool.query('create table sky.other (x int)')
  const { stdout } = await diff('--database', url, '--format', 'sql', paths.next)
  await pool.query(stdout)
  const after = await diff('--database', url, '--json', paths.next)
  expect(JSON.parse(after.stdout)).toMatchObject({ structure: { changes: [] }, others: ['sky.other'] })
  expect(JSON.parse(after.stdout).changes).toBeUndefined()
})

test('one side, and nothing to compare it with', async () => {
  const { code, stderr } = await diff(paths.old)
  expect([code, stderr]).toEqual([2, expect.stringMatching(/nothing to compare with.*--database/)])
})
