import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { DEFAULT_CONTEXT } from '../../shared/felis/context.ts'
import { FelisLoader, type LoadedSchema } from '../../shared/felis/load.ts'
import { checkDefinitions, type DialectName } from '../../shared/tables/check-definitions.ts'
import { mysql } from '../../shared/tables/other-dialects/mysql.ts'
import { planScript, type ScriptOptions } from '../../shared/tables/other-dialects/plan-script.ts'
import { sqlite } from '../../shared/tables/other-dialects/sqlite.ts'
import { HAS_DATA, NEEDS_DATA, readReleaseFiles } from '../support/golden.ts'
import { EVERY_FEATURE } from './every-feature.ts'
import { READ_MYSQL } from './read-mysql.ts'
import { readSqlite } from './read-sqlite.ts'

/** For some schemas of release w.2026.34, the SHA-256 of the catalogue after `felis create` of Felis 30.2026.4300. */
const readGolden = (name: string): Record<string, string> =>
  JSON.parse(readFileSync(join(import.meta.dirname, name), 'utf8'))

const OPTIONS: ScriptOptions = { names: 'exact', ifNotExists: false, drop: false }

function load(text: string): LoadedSchema {
  const loaded = new FelisLoader(new Map([['a.yaml', text]]), DEFAULT_CONTEXT).load('a.yaml')
  expect(loaded.problems.filter(({ severity }) => severity === 'error')).toEqual([])
  return loaded
}

const PROBE = EVERY_FEATURE.replace('- {name: empty}\n', '')

function runSqlite(statements: readonly string[], database = new DatabaseSync(':memory:')): DatabaseSync {
  for (const sql of statements) database.exec(sql)
  return database
}

describe('SQLite', () => {
  test.skipIf(!HAS_DATA)(`has the tables of a release as Felis makes them${NEEDS_DATA}`, async () => {
    const golden = readGolden('felis-sqlite.json')
    const loader = new FelisLoader(await readReleaseFiles('w.2026.34'), DEFAULT_CONTEXT)
    const made = Object.keys(golden).map((file) => {
      const lines = readSqlite(runSqlite(planScript([loader.load(file).schema!], sqlite, OPTIONS)))
      return [file, createHash('sha256').update(lines.join('\n')).digest('hex')]
    })
    expect(Object.fromEntries(made)).toEqual(golden)
  })

  test('takes everything that Felis has, again and again, and lets it go', () => {
    const { schema } = load(PROBE)
    const database = runSqlite(planScript([schema!], sqlite, OPTIONS))
    const before = readSqlite(database)
    expect(before).toEqual(expect.arrayContaining(['table Parent', 'index Parent idx_one 0 c: d']))
    runSqlite(planScript([schema!], sqlite, { ...OPTIONS, ifNotExists: true }), database)
    runSqlite(planScript([schema!], sqlite, { ...OPTIONS, drop: true }), database)
    expect(readSqlite(database)).toEqual(before)
    runSqlite(planScript([schema!], sqlite, { ...OPTIONS, drop: true, indexes: 'none' }), database)
    const without = readSqlite(database)
    expect(without).toEqual(before.filter((line) => !/^index \w+ \w+ 0 c/.test(line)))
    runSqlite(planScript([schema!], sqlite, { ...OPTIONS, indexes: 'only' }), database)
    expect(readSqlite(database)).toEqual(before)
    runSqlite(planScript([schema!], sqlite, { ...OPTIONS, drop: true, indexes: 'only' }), database)
    expect(readSqlite(database)).toEqual(before)
  })
})

const SERVER = ['/usr/sbin/mariadbd', '/usr/bin/mariadbd'].find((path) => existsSync(path))

describe.skipIf(SERVER === undefined)('MySQL (skipped where there is no mariadbd)', () => {
  /** A server of its own; what it keeps goes with the test. */
  async function startServer(): Promise<(sql: string) => string> {
    const folder = mkdtempSync(join(tmpdir(), 'almagest-test-'))
    const [data, socket] = [join(folder, 'data'), join(folder, 'socket')]
    const install = ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db']
    execFileSync('mariadb-install-db', [...install, '--user=root'], { stdio: 'ignore' })
    const flags = [`--datadir=${data}`, `--socket=${socket}`, '--skip-networking', '--user=root']
    const server = spawn(SERVER!, ['--no-defaults', ...flags], { stdio: 'ignore' })
    onTestFinished(() => {
      server.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    })
    const client = ['--no-defaults', `--socket=${socket}`, '-N', '-u', 'root']
    const ask = (sql: string) => spawnSync('mariadb', client, { input: sql, encoding: 'utf8', maxBuffer: 1 << 28 })
    await vi.waitFor(() => expect(ask('select 1').status).toBe(0), { timeout: 60_000, interval: 200 })
    return (sql) => {
      const { status, stdout, stderr } = ask(sql)
      expect([status, stderr]).toEqual([0, ''])
      return stdout
    }
  }

  const script = (loaded: LoadedSchema, options: Partial<ScriptOptions> = {}) =>
    planScript([loaded.schema!], mysql, { ...OPTIONS, ...options })
      .map((sql) => `${sql};\n`)
      .join('')

  test('has the tables as Felis makes them, and takes them again and again', async () => {
    const ask = await startServer()
    const golden = readGolden('felis-mysql.json')
    const probe = load(PROBE.replace(`"it's"`, `"it'"`))
    ask(script(probe))
    const before = ask(READ_MYSQL('probe'))
    expect(createHash('sha256').update(before).digest('hex')).toBe(golden['probe.yaml'])
    ask(script(probe, { ifNotExists: true }))
    ask(script(probe, { drop: true, indexes: 'none' }))
    expect(ask(READ_MYSQL('probe'))).not.toContain('idx_one')
    ask(script(probe, { indexes: 'only' }))
    expect(ask(READ_MYSQL('probe'))).toBe(before)
    ask(script(probe, { drop: true, indexes: 'only' }))
    expect(ask(READ_MYSQL('probe'))).toBe(before)
    if (!HAS_DATA) return
    const loader = new FelisLoader(await readReleaseFiles('w.2026.34'), DEFAULT_CONTEXT)
    for (const [file, hash] of Object.entries(golden).filter(([name]) => name !== 'probe.yaml')) {
      const loaded = loader.load(file)
      ask(script(loaded))
      expect([
        file,
        createHash('sha256')
          .update(ask(READ_MYSQL(loaded.schema!.name)))
          .digest('hex'),
      ]).toEqual([file, hash])
    }
  })
})

test.each<[DialectName, string, string]>([
  ['mysql', 'name: s\ntables: [{name: t, columns: []}]\n', 'table_empty'],
  ['mysql', `name: s\ntables: [{name: ${'t'.repeat(65)}, columns: [{name: a, datatype: int}]}]\n`, 'name_too_long'],
  [
    'mysql',
    "name: s\ntables: [{name: t, columns: [{name: a, datatype: int, 'mysql:datatype': 'int); drop table x; --'}]}]\n",
    'type_unknown',
  ],
  [
    'sqlite',
    'name: s\ntables: [{name: t, columns: [{name: a, datatype: int}]}, {name: T, columns: [{name: a, datatype: int}]}]\n',
    'names_collide',
  ],
])('what %s cannot make is told before anything is written', (dialect, text, code) => {
  const problems = checkDefinitions([load(text)], 'exact', dialect)
  expect(problems.map((problem) => problem.code)).toEqual([code])
  expect(problems[0]!.line).toBeGreaterThan(0)
})

test('texts end no literal: backslashes are signs in MySQL, and long descriptions are cut', () => {
  const { schema } = load(
    `name: s\ntables: [{name: t, columns: [{name: a, datatype: string, length: 9, value: "it's \\\\", description: "${'d'.repeat(1100)}"}]}]\n`,
  )
  const [, , create] = planScript([schema!], mysql, OPTIONS)
  expect(create).toContain("default 'it''s \\\\' comment '")
  expect(create).toMatch(/d{1023}…' *\n/)
  expect(planScript([schema!], sqlite, OPTIONS)[1]).toContain("default 'it''s \\'")
})
