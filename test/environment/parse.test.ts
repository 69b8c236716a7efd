import { describe, expect, it } from 'vitest'
import { parseEnvironment } from '../../shared/environment/parse.ts'
import { DEPLOYED } from '../../shared/tap-schema/options.ts'
import { NO_CONSOLE, NO_DISCOVERY, NO_REGISTRY } from '../support/discovery-config.ts'
import { complaintsOf, environmentOf, problemOf, withServer, withUrl } from './parse-text.ts'

describe('a complete environment', () => {
  it('has every value where it belongs', () => {
    const environment = environmentOf(`
releases:
  bucket: sdm-schemas
  objectTemplate: archive/{version}.tgz
  limits: {unpackedMiB: 16, entries: 100, fileBytes: 2048}
topic: projects/my-project/topics/tap-schema
secretsDirectory: /run/secrets
identity:
  audience: [https://a.example, https://b.example]
  trustPlatform: true
swap: {deadlineMs: 5000, lockTimeoutMs: 100}
storage: {apiEndpoint: "http://127.0.0.1:4443"}
tap:
  schemaVersion: releases/w.2026.34
  servers:
    tap:
      schemas: [dp2, ivoa/obscore_nominal]
      follow: [main, "tickets/**"]
      swap: compatible
      readers: [reader, tap@project.iam]
      database:
        instance: my-project:us-central1:tap
        ipType: PSC
        user: loader@my-project.iam
        name: tapdb
        poolMax: 3
        adminApiEndpoint: http://127.0.0.1:9999
      options:
        postfix: ""
        extensions: false
        uniqueKeys: false
        unboundedArraysize: false
        columnRefIndexIncrement: null
        firstSchemaIndex: 0
    sso:
      schemas: [dp03_10yr]
      schemaVersion: releases/w.2026.24
      databaseUrl: postgresql+psycopg2://sso:p%40ss@db.example/sso?sslmode=require
`)
    expect(environment).toEqual({
      file: 'env.yaml',
      releases: {
        bucket: 'sdm-schemas',
        template: 'archive/{version}.tgz',
        limits: { unpackedBytes: 16 * 1024 * 1024, entries: 100, fileBytes: 2048 },
      },
      topic: 'projects/my-project/topics/tap-schema',
      obscore: null,
      secretsDirectory: '/run/secrets',
      identity: { audience: ['https://a.example', 'https://b.example'], trustPlatform: true },
      swap: { deadlineMs: 5000, lockTimeoutMs: 100, operators: [] },
      storage: { apiEndpoint: 'http://127.0.0.1:4443' },
      results: null,
      discovery: NO_DISCOVERY,
      console: NO_CONSOLE,
      registry: { ...NO_REGISTRY, place: expect.anything() },
      servers: new Map([
        [
          'tap',
          {
            name: 'tap',
            database: {
              kind: 'cloudsql',
              instance: 'my-project:us-central1:tap',
              ipType: 'PSC',
              user: 'loader@my-project.iam',
              database: 'tapdb',
              poolMax: 3,
              adminApiEndpoint: 'http://127.0.0.1:9999',
            },
            schemas: ['dp2', 'ivoa/obscore_nominal'],
            schemaVersion: 'releases/w.2026.34',
            follow: ['main', 'tickets/**'],
            swap: 'compatible',
            service: null,
            readers: ['reader', 'tap@project.iam'],
            options: {
              postfix: '',
              extensions: false,
              uniqueKeys: false,
              unboundedArraysize: false,
              columnRefIndexIncrement: null,
              firstSchemaIndex: 0,
            },
          },
        ],
        [
          'sso',
          {
            name: 'sso',
            database: {
              kind: 'url',
              url: 'postgresql://sso:p%40ss@db.example/sso?sslmode=require',
              passwordKey: null,
              poolMax: 5,
            },
            schemas: ['dp03_10yr'],
            schemaVersion: 'releases/w.2026.24',
            follow: [],
            swap: 'never',
            service: null,
            readers: [],
            options: DEPLOYED,
          },
        ],
      ]),
    })
  })

  it('may be small: everything else has a default', () => {
    const environment = environmentOf('{}')
    expect(environment).toEqual({
      file: 'env.yaml',
      releases: null,
      topic: null,
      obscore: null,
      secretsDirectory: '/etc/almagest/secrets',
      identity: { audience: [], trustPlatform: false },
      swap: { deadlineMs: 30_000, lockTimeoutMs: 20, operators: [] },
      storage: { apiEndpoint: null },
      results: null,
      discovery: NO_DISCOVERY,
      console: NO_CONSOLE,
      registry: { ...NO_REGISTRY, place: expect.anything() },
      servers: new Map(),
    })
  })

  it('keeps the order of servers and schemas', () => {
    const servers = ['zeta', 'alpha', '10', '9'].map(
      (name) => `    '${name}': {schemas: [z, a], databaseUrl: "postgresql://h/db${name}"}`,
    )
    const environment = environmentOf(`tap:\n  servers:\n${servers.join('\n')}\n`)
    expect([...environment.servers.keys()]).toEqual(['zeta', 'alpha', '10', '9'])
    expect(environment.servers.get('9')?.schemas).toEqual(['z', 'a'])
  })

  it('may use snake_case, anchors and merge keys', () => {
    const environment = environmentOf(`
releases: {bucket: b-1, object_template: "{version}", limits: {unpacked_mib: 2, file_mib: 1}}
secrets_directory: /s
identity: {audience: https://one.example, trust_platform: on}
tap:
  schema_version: main
  servers:
    a: &server
      schemas: &schemas [x]
      database_url: postgresql://h/a
      database_password_key: key
      options: {column_ref_index_increment: 3, unique_keys: off}
    b:
      <<: *server
      database_url: postgresql://h/b
    c: {schemas: *schemas, databaseUrl: "postgresql://h/c"}
`)
    expect(environment.releases).toMatchObject({
      template: '{version}',
      limits: { unpackedBytes: 2097152, fileBytes: 1048576 },
    })
    expect(environment.identity).toEqual({ audience: ['https://one.example'], trustPlatform: true })
    expect(environmentOf('identity: {require_caller: no}').identity.requireCaller).toBe(false)
    const [a, b, c] = [...environment.servers.values()]
    expect(a?.options).toMatchObject({ columnRefIndexIncrement: 3, uniqueKeys: false })
    expect(b).toEqual({ ...a, name: 'b', database: { ...a?.database, url: 'postgresql://h/b' } })
    expect(c?.schemas).toEqual(['x'])
  })

  it('reads plain values as PyYAML does, which is not always as YAML 1.1 says', () => {
    const lines = 'schemaVersion: 1e5\nfollow: [y, n, 08, 0o7, 1.2.3, =x]\nenabled: ON'
    const { servers } = environmentOf(`releases: {bucket: b-1}\n${withUrl(lines)}`)
    expect(servers.get('tap')?.follow).toEqual(['y', 'n', '08', '0o7', '1.2.3', '=x'])
    expect(servers.get('tap')).toMatchObject({ schemaVersion: '1e5' })
  })

  it('takes nothing for what is null', () => {
    const environment = environmentOf(`releases:\ntopic: null\ntap:\n  schemaVersion: ~\n  servers:\n`)
    expect(environment).toEqual(environmentOf('{}'))
    expect(environmentOf(withUrl('follow:\ndatabase:\noptions: {postfix: }')).servers.get('tap')?.options).toEqual(
      DEPLOYED,
    )
  })

  it('may set the size of the pool beside databaseUrl', () => {
    const { servers } = environmentOf(withUrl('database: {poolMax: 9}'))
    expect(servers.get('tap')?.database).toMatchObject({ kind: 'url', poolMax: 9 })
  })

  it('may begin with a byte order mark and use any line ends', () => {
    const yaml = '\uFEFFtap:\r\n  servers:\r\n    t: {schemas: [a], databaseUrl: "postgresql://h/d"}\r\n'
    expect(environmentOf(yaml).servers.size).toBe(1)
    expect(complaintsOf(`${yaml}x: 1\r\n`)).toEqual(['4:1 unknown_key x'])
    expect(complaintsOf('topic:\r  5\r')).toEqual(['2:3 wrong_type topic'])
  })
})

describe('a name for releases', () => {
  it.each([
    ['prefix: released', 'released/{version}/schemas.tar.gz'],
    ['prefix: a/b/', 'a/b/{version}/schemas.tar.gz'],
    ['objectTemplate: "x/{version}"', 'x/{version}'],
    ['object_template: "x/{schemaVersion}.tgz"', 'x/{version}.tgz'],
    ['', '{version}/schemas.tar.gz'],
  ])('%s: %s', (line, template) => {
    expect(environmentOf(`releases:\n  bucket: b-1\n  ${line}\n`).releases?.template).toBe(template)
  })

  it.each(['gs://b-1/{version}/schemas.tar.gz', 'gs://b-1/{schemaVersion}/schemas.tar.gz'])(
    'may come from schemaSourceTemplate %s, beside releases that say the same',
    (source) => {
      const tap = `tap: {schemaSourceTemplate: "${source}"}\n`
      const expected = environmentOf('releases: {bucket: b-1}').releases
      expect(environmentOf(tap).releases).toEqual(expected)
      expect(environmentOf(`releases: {bucket: b-1}\n${tap}`).releases).toEqual(expected)
      expect(environmentOf(`releases: {objectTemplate: "{version}/schemas.tar.gz"}\n${tap}`).releases).toEqual(expected)
      expect(environmentOf(`releases: {limits: {entries: 7}}\n${tap}`).releases?.limits.entries).toBe(7)
    },
  )

  it.each([
    ['another bucket', 'releases: {bucket: b-2}', 'gs://b-1/{version}', 'conflict'],
    ['another object', 'releases: {bucket: b-1, prefix: p}', 'gs://b-1/{version}', 'conflict'],
    ['no scheme', '', '/data/{version}.tar.gz', 'invalid_value'],
    ['another scheme', '', 's3://bucket/{version}', 'invalid_value'],
    ['no object', '', 'gs://bucket', 'invalid_value'],
    ['no version', '', 'gs://bucket/schemas.tar.gz', 'invalid_value'],
    ['two versions', '', 'gs://bucket/{version}/{schemaVersion}.tar.gz', 'invalid_value'],
    ['no bucket', '', 'gs:///{version}', 'invalid_value'],
  ])('does not come from a schemaSourceTemplate of %s', (_, releases, source, code) => {
    const problem = problemOf(`${releases}\ntap: {schemaSourceTemplate: "${source}"}\n`)
    expect(problem).toMatchObject({ code, path: 'tap.schemaSourceTemplate', line: 2, column: 29 })
  })

  it.each(['https://github.com/lsst/sdm_schemas/archive/refs/tags/{version}.tar.gz', 'HTTP://x/{version}'])(
    'does not come from the web, and the rest of such a file can be used: %s',
    (source) => {
      const tap = `tap: {schemaSourceTemplate: "${source}", schemaVersion: w.1, servers: {tap: {schemas: [dp1], databaseUrl: "postgresql://u@h/d"`
      const { environment, problems } = parseEnvironment('env.yaml', `${tap}}}}`)
      expect(problems).toMatchObject([{ severity: 'warning', path: 'tap.schemaSourceTemplate', line: 1, column: 29 }])
      expect(problems[0]?.message).toContain('must lie in a bucket')
      expect(environment?.releases).toBeNull()
      expect([...(environment?.servers.keys() ?? [])]).toEqual(['tap'])
      expect(parseEnvironment('env.yaml', `releases: {bucket: b-1}\n${tap}}}}`).environment?.releases?.bucket).toBe(
        'b-1',
      )
      expect(complaintsOf(`${tap}, follow: [main]}}}`)).toContainEqual(expect.stringMatching(/missing_key.*follow$/))
    },
  )

  it('needs its bucket, and one way to say it', () => {
    expect(complaintsOf('releases: {prefix: p}')).toEqual(['1:20 missing_key releases.prefix'])
    expect(complaintsOf('releases: {bucket: b-1, prefix: p, objectTemplate: "{version}"}')).toEqual([
      '1:33 conflict releases.prefix',
    ])
  })

  it('has limits that fit together', () => {
    const limits = (text: string) => complaintsOf(`releases: {bucket: b-1, limits: {${text}}}`)
    expect(limits('unpackedMiB: 1, unpackedBytes: 4096')).toEqual(['1:47 conflict releases.limits.unpackedMiB'])
    expect(limits('unpackedMiB: 1, fileMiB: 2')).toEqual(['1:59 conflict releases.limits.fileMiB'])
    expect(limits('fileBytes: 3, entries: 0')).toEqual([
      '1:45 out_of_range releases.limits.fileBytes',
      '1:57 out_of_range releases.limits.entries',
    ])
  })
})

describe('problems', () => {
  it('are found all at once, in the order of the file, each with its place', () => {
    expect(
      complaintsOf(`releases:
  bucket: gs://x
  limits: {entries: "3"}
topik: x
topic: t
swap: {deadlineMs: 10, lockTimeoutMs: 20}
tap:
  schemaVersion: 1.10
  schema_version: x
  servers:
    tap:
      schemas: [a, a, b.yaml, 3, null]
      databaseUrl: postgresql://u@h/db
      database: {url: postgresql://h/x}
      swap: no
      options: {postfix: a-b, extension: true}
    two: {schemas: [x], databaseUrl: "postgresql://u@localhost:5432/db"}
    three: {schemas: [x], databaseUrl: "postgresql://127.0.0.1/db", enabled: "no"}
    four: 3
    four: 4
`),
    ).toEqual([
      '2:11 invalid_value releases.bucket',
      '3:21 wrong_type releases.limits.entries',
      '4:1 unknown_key topik',
      '5:8 invalid_value topic',
      '6:39 conflict swap.lockTimeoutMs',
      '8:18 wrong_type tap.schemaVersion',
      '9:3 conflict tap.schema_version',
      '12:20 duplicate_item tap.servers.tap.schemas.1',
      '12:23 invalid_value tap.servers.tap.schemas.2',
      '12:31 wrong_type tap.servers.tap.schemas.3',
      '12:34 wrong_type tap.servers.tap.schemas.4',
      '14:23 conflict tap.servers.tap.database.url',
      '15:13 wrong_type tap.servers.tap.swap',
      '16:26 invalid_value tap.servers.tap.options.postfix',
      '16:31 unknown_key tap.servers.tap.options.extension',
      '18:5 shared_database tap.servers.three',
      '18:78 wrong_type tap.servers.three.enabled',
      '19:11 wrong_type tap.servers.four',
      '20:5 duplicate_key',
    ])
  })

  it.each([
    ['topik: x', 'topic'],
    ['Tap: {}', 'tap'],
    ['tap: {schemaSourceTemplat: x}', 'schemaSourceTemplate'],
    ['tap: {servers: {t: {shemas: [a], databaseUrl: "postgresql://h/d"}}}', 'schemas'],
    ['avaliableDatasets: []', 'availableDatasets'],
    ['zzzzzz: 1', undefined],
  ])('with a key suggest the one that was meant: %s', (yaml, suggestion) => {
    const { problems } = parseEnvironment('env.yaml', yaml)
    expect(problems.find((problem) => problem.code === 'unknown_key')?.suggestion).toBe(suggestion)
  })

  it('with a choice suggest it too', () => {
    expect(problemOf(withUrl('swap: alway'))).toMatchObject({ code: 'invalid_value', suggestion: 'always' })
    expect(problemOf(withServer('database: {instance: "p:r:n", user: u, name: d, ipType: private}'))).toMatchObject({
      suggestion: 'PRIVATE',
    })
  })

  it.each([
    ['', 'empty'],
    ['# only a comment\n', 'empty'],
    ['a: [1,\n', 'not valid YAML'],
    ['tap: {}\ntap: {}\n', 'already'],
    ['--- {}\n--- {}\n', 'a second YAML document'],
    ['- a\n', 'is a mapping'],
    ['just text', 'is a mapping'],
    ['---\n', 'is a mapping'],
    ['topic: *nowhere\n', '*nowhere'],
    ['tap: &t {servers: *t}\n', 'inside what it stands for'],
    ['<<: [1]\n', 'only mappings can be merged'],
    ['? {a: 1}\n: 2\n', 'plain text'],
    ['topic: !secret x\n', 'tag'],
    ['topic: "\\q"\n', 'escape'],
  ])('of the YAML itself: %j', (yaml, message) => {
    const problem = problemOf(yaml)
    expect(problem.message).toContain(message)
    expect(problem.line).toBeGreaterThan(0)
    expect(problem.column).toBeGreaterThan(0)
  })

  it('never show a secret', () => {
    const secret = 'hunter2'
    const cases = [
      withServer(`databaseUrl: mysql://u:${secret}@h/d`),
      withServer(`databaseUrl: postgresql://u:${secret}#x@h/d`),
      withServer(`databaseUrl: postgresql://u:${secret}%zz@h/d`),
      withServer(`databaseUrl: postgresql://u:${secret}@h/`),
      withServer(`database: {url: "postgresql://u:${secret}@h/d/e"}`),
      withServer(`database: "postgresql://u:${secret}@h/d"`),
      withServer(`databaseUrl: [${secret}]`),
      withUrl(`databasePassword: ${secret}`),
      withUrl(`poolMax: ${secret}`),
      `swap: ${secret}`,
      `swap: {deadlineMs: ${secret}}`,
      `tap:\n  password: ${secret}\n bad: indentation ${secret}`,
      `tap:\n  servers:\n    a: {schemas: [x], databaseUrl: "postgresql://u:${secret}@h/d"}\n    b: {schemas: [x], databaseUrl: "postgresql://v:${secret}@h/d"}`,
    ]
    for (const yaml of cases) {
      const { environment, problems } = parseEnvironment('env.yaml', yaml)
      expect(environment, yaml).toBeNull()
      expect(JSON.stringify(problems)).not.toContain(secret)
    }
  })
})
