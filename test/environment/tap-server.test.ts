import { describe, expect, it } from 'vitest'
import { parseEnvironment } from '../../shared/environment/parse.ts'
import { complaintsOf, environmentOf, problemOf, withServer, withUrl } from './parse-text.ts'

describe('a TAP server', () => {
  it.each([
    ['no schemas at all', 'tap: {servers: {t: {databaseUrl: "postgresql://h/d"}}}', 'missing_key'],
    ['an empty list of schemas', 'tap: {servers: {t: {schemas: [], databaseUrl: "postgresql://h/d"}}}', 'missing_key'],
    [
      'one schema that is no list',
      'tap: {servers: {t: {schemas: dp1, databaseUrl: "postgresql://h/d"}}}',
      'wrong_type',
    ],
    ['no database', withServer(''), 'missing_key'],
    ['an empty database', withServer('database: {}'), 'missing_key'],
    [
      'URL and instance',
      withServer('database: {url: "postgresql://h/d", instance: "p:r:n", user: u, name: d}'),
      'conflict',
    ],
    ['instance without user', withServer('database: {instance: "p:r:n", name: d}'), 'missing_key'],
    ['instance without name', withServer('database: {instance: "p:r:n", user: u}'), 'missing_key'],
    [
      'a password for IAM',
      withServer('databasePasswordKey: k\ndatabase: {instance: "p:r:n", user: u, name: d}'),
      'conflict',
    ],
    ['a user beside a URL', withUrl('database: {user: u}'), 'conflict'],
    ['two password keys', withUrl('databasePasswordKey: a\ndatabase: {passwordKey: b}'), 'conflict'],
    ['a password key that leads elsewhere', withUrl('databasePasswordKey: ../token'), 'invalid_value'],
    ['an instance without region', withServer('database: {instance: "p:n", user: u, name: d}'), 'invalid_value'],
    ['an unknown policy', withUrl('swap: sometimes'), 'invalid_value'],
    ['a pattern of nothing', withUrl('follow: [""]'), 'invalid_value'],
    ['nothing to follow', withUrl('follow: ["releases/*"]'), 'missing_key'],
    ['a version that cannot be', withUrl('schemaVersion: /w.1'), 'invalid_value'],
    ['a date for a version', withUrl('schemaVersion: 2026-08-20'), 'wrong_type'],
    ['a variable', withUrl(`schemaVersion: releases/\${VERSION}`), 'unsupported'],
    ['a step of nothing', withUrl('options: {columnRefIndexIncrement: 0}'), 'out_of_range'],
    ['half a step', withUrl('options: {columnRefIndexIncrement: 1.5}'), 'wrong_type'],
    ['a postfix with other characters', withUrl('options: {postfix: "a b"}'), 'invalid_value'],
    ['a postfix of 17 characters', withUrl('options: {postfix: "12345678901234567"}'), 'invalid_value'],
    ['a postfix that is a number', withUrl('options: {postfix: 11}'), 'wrong_type'],
    ['too many connections', withUrl('database: {poolMax: 101}'), 'out_of_range'],
    ['a path for a schema', withUrl('').replace('dp1', '../dp1'), 'invalid_value'],
    ['a file name for a schema', withUrl('').replace('dp1', 'dp1.yaml'), 'invalid_value'],
    ['a schema twice', withUrl('').replace('dp1', 'dp1, dp1'), 'duplicate_item'],
    ['a reader twice', withUrl('readers: [r, r]'), 'duplicate_item'],
    ["a reader of Almagest's own", withUrl('readers: [almagest_stager]'), 'invalid_value'],
    ["a reader of PostgreSQL's own", withUrl('readers: [pg_monitor]'), 'invalid_value'],
    ['nobody for a reader', withUrl('readers: [none]'), 'invalid_value'],
    ['a reader over 63 bytes', withUrl(`readers: [${'µ'.repeat(32)}]`), 'invalid_value'],
    [
      'an account by its e-mail',
      withServer('database: {instance: "p:r:n", user: a@p.iam.gserviceaccount.com, name: d}'),
      'invalid_value',
    ],
    ['an archive for a version', withUrl('schemaVersion: releases/w.1/schemas.tar.gz'), 'invalid_value'],
    ['an address for a version', withUrl('schemaVersion: gs://b/releases/w.1/schemas.tar.gz'), 'invalid_value'],
    ['brackets in a pattern', withUrl('follow: ["releases/w.[0-9]*"]'), 'invalid_value'],
    ['readers that are nobody', withUrl('readers: []'), 'missing_key'],
    ['everybody in capitals', withUrl('readers: [PUBLIC]'), 'invalid_value'],
    ['own extension columns', `${withUrl('')}  schemaExtensionsPath: /etc/columns.yaml\n`, 'unsupported'],
    ['a name with a slash', withUrl('').replace('    tap:', '    a/b:'), 'invalid_value'],
  ])('is refused with %s', (_, yaml, code) => {
    expect(problemOf(yaml).code).toBe(code)
  })

  it.each([
    [
      withServer('database: {instance: "p:r:n", user: a@p.iam.gserviceaccount.com, name: d}'),
      'without .gserviceaccount.com: databases of Cloud SQL know this account as "a@p.iam"',
    ],
    [withUrl('schemaVersion: releases/w.1/schemas.tar.gz'), 'its version is meant, "releases/w.1"'],
    [
      withUrl('schemaVersion: gs://b/releases/w.1/schemas.tar.gz'),
      'the version alone is meant, "releases/w.1", and releases.bucket says',
    ],
    [withUrl('follow: ["releases/[a]*"]'), '* is anything within a segment'],
    [withUrl('readers: []'), 'name a role, or leave the key out'],
    [withUrl('readers: [Public]'), 'must be written public'],
    ['tap: {servers: {t: {schemas: [a], databaseUrl: "postgresql://u@h:543222/d"}}}', 'has the port 543222'],
    ['tap: {servers: {t: {schemas: [a], databaseUrl: "postgresql://u@h:0/d"}}}', 'has the port 0'],
  ])('says what would be right in %s', (yaml, hint) => {
    expect(problemOf(yaml).message).toContain(hint)
  })

  it('may have everybody for a reader', () => {
    expect(environmentOf(withUrl('readers: [public, tap]')).servers.get('tap')?.readers).toEqual(['public', 'tap'])
  })

  it.each([
    'mysql://h/d',
    'h/d',
    'postgresql://h',
    'postgresql://h/',
    'postgresql:///d',
    'postgresql://h:port/d',
    'postgresql://u:a#b@h/d',
    'postgresql://u:100%@h/d',
    'postgresql://h/d/e',
  ])('is refused with the database URL %s', (url) => {
    expect(problemOf(withServer(`databaseUrl: "${url}"`))).toMatchObject({ code: 'invalid_value', line: 5, column: 20 })
  })

  it.each([
    'postgres://h/d',
    'postgresql+asyncpg://h/d',
    'postgresql://u%40x:p%23@h:6432/d?sslmode=require',
    'postgresql:///d?host=/cloudsql/p:r:n',
    'postgresql://[::1]:5432/d',
  ])('may have the database URL %s', (url) => {
    const database = environmentOf(withServer(`databaseUrl: "${url}"`)).servers.get('tap')?.database
    expect(database).toMatchObject({ kind: 'url', url: url.replace(/^[a-z+0-9]+:/, 'postgresql:') })
  })

  it('may be incomplete while it is disabled, and is left out', () => {
    const environment = environmentOf(`
tap:
  servers:
    on: {schemas: [a], databaseUrl: "postgresql://h/d"}
    off: {enabled: false, schemas: [a], databaseUrl: "postgresql://h/d"}
    bare: {enabled: false}
`)
    expect([...environment.servers.keys()]).toEqual(['on'])
    const empty = '{enabled: false, schemas: [a], databaseUrl: "", databasePasswordKey: "", schemaVersion: ""}'
    expect(environmentOf(`tap: {servers: {off: ${empty}}}`).servers.size).toBe(0)
    expect(
      complaintsOf(`topic: x\ntap: {servers: {off: ${empty}, on: ${empty.replace('false', 'true')}}}`),
    ).toHaveLength(4)
    expect(complaintsOf('tap: {servers: {off: {enabled: false, shemas: [a]}}}')).toEqual([
      '1:39 unknown_key tap.servers.off.shemas',
    ])
    const misspelt = 'tap: {servers: {on: {shemas: [a], databaseUrl: "postgresql://h/d"}}}'
    expect(complaintsOf(misspelt)).toEqual(['1:22 unknown_key tap.servers.on.shemas'])
  })

  it('is reported where its name is, when something about the whole of it is wrong', () => {
    const yaml = 'tap:\n  servers:\n    one:\n      swap: always\n    two: {schemas: [a]}\n'
    expect(complaintsOf(yaml)).toEqual([
      '3:5 missing_key tap.servers.one.schemas',
      '3:5 missing_key tap.servers.one',
      '5:5 missing_key tap.servers.two',
    ])
  })

  it.each([
    ['postgresql://a@h/d', 'postgresql://b:pw@H:5432/d?sslmode=require'],
    ['postgresql://localhost/d', 'postgresql://127.0.0.1/d'],
    ['postgresql:///d?host=/run/pg', 'postgresql:///d?host=/run/pg'],
    ['postgresql://h/my%20db', 'postgresql://h/my%20db'],
  ])('has a database of its own: %s is %s', (one, two) => {
    const yaml = `tap: {servers: {a: {schemas: [x], databaseUrl: "${one}"}, b: {schemas: [x], databaseUrl: "${two}"}}}`
    expect(problemOf(yaml)).toMatchObject({ code: 'shared_database', path: 'tap.servers.b' })
  })

  it('has a database of its own in Cloud SQL too', () => {
    const server = (name: string) => `{schemas: [x], database: {instance: "p:r:n", user: u, name: ${name}}}`
    expect(problemOf(`tap: {servers: {a: ${server('d')}, b: ${server('d')}}}`).code).toBe('shared_database')
    expect(environmentOf(`tap: {servers: {a: ${server('d')}, b: ${server('e')}}}`).servers.size).toBe(2)
  })

  it('is warned of a password in the URL that a password key puts out of use', () => {
    const yaml = withServer('databaseUrl: postgresql://u:hunter2@h/d\ndatabasePasswordKey: k')
    const { environment, problems } = parseEnvironment('env.yaml', yaml)
    expect(environment?.servers.get('tap')?.database).toMatchObject({ passwordKey: 'k' })
    expect(problems).toMatchObject([{ code: 'no_effect', severity: 'warning', line: 5 }])
    expect(JSON.stringify(problems)).not.toContain('hunter2')
  })
})
