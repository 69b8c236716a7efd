import { describe, expect, it } from 'vitest'
import { nameKey } from '../../shared/environment/physical-names.ts'
import { complaintsOf, environmentOf, problemOf, withServer, withUrl } from './parse-text.ts'

const indent = (lines: string) => lines.replace(/^(?=.)/gm, '  ')
const withService = (lines: string) => withUrl(`service:\n  url: https://h.example/tap\n${indent(lines)}`)
const serviceOf = (lines: string) => environmentOf(withService(lines)).servers.get('tap')!.service!

const TASKS =
  'tasks: {queue: projects/demo/locations/europe-west1/queues/queries, url: "https://run.example", serviceAccount: run@demo.iam.gserviceaccount.com}'

describe('the TAP service of a server', () => {
  it('is null where there is no section', () => {
    expect(environmentOf(withUrl('')).servers.get('tap')?.service).toBeNull()
  })

  it.each(['healthz', 'openapi.json'])('does not belong to a server called %s, an address of the function', (name) => {
    const text = (more: string) =>
      `tap:\n  servers:\n    ${name}:\n      schemas: [a]\n      databaseUrl: postgresql://h/d\n${more}`
    expect(complaintsOf(text('      service: {url: "https://h.example/tap"}\n'))).toEqual([
      `3:5 invalid_value tap.servers.${name}`,
    ])
    expect(environmentOf(text('')).servers.size).toBe(1)
  })

  it('has a default for everything but its URL', () => {
    expect(serviceOf('')).toEqual({
      url: 'https://h.example/tap',
      query: {
        type: 'postgresql',
        schemas: null,
        role: null,
        qserv: null,
        database: { kind: 'url', url: 'postgresql://tap@h/tap', passwordKey: null, poolMax: 5 },
      },
      jobs: null,
      geometry: 'auto',
      names: { rule: 'lower', schemas: new Map(), tables: new Map(), columns: new Map() },
      limits: {
        maxrec: { default: 100_000, hard: 1_000_000 },
        syncSeconds: 60,
        queryBytes: 100_000,
        joins: 30,
        uploads: { tables: 10, rows: 100_000, bytes: 33_554_432, privateHosts: [] },
      },
      access: { type: 'anonymous' },
      cors: '*',
      examples: [],
      userTables: null,
      functions: [],
    })
  })

  it('keeps tables of users where it can tell who they are and what they may read', () => {
    const access = 'access: {type: gafaelfawr}'
    const role = 'query: {role: reader}'
    const jobs = 'jobs: {bucket: b-1, topic: projects/demo/topics/queries}'
    const given = (...lines: readonly string[]) => withService(['userTables: {}', ...lines].join('\n'))
    const more = 'discovery: {tokenInfoUrl: "https://h.example/token-info"}\n'
    expect(environmentOf(given(access, role, jobs) + more).servers.get('tap')?.service?.userTables).toEqual({
      rows: 1_000_000,
      bytes: 31 * 1024 * 1024,
      keptDays: null,
      noticeDays: 14,
    })
    const early = given(access, role, jobs).replace('userTables: {}', 'userTables: {keptDays: 10}') + more
    expect(complaintsOf(early)).toEqual([expect.stringContaining('userTables.keptDays')])
    for (const lines of [
      [role, jobs],
      [access, jobs],
      [access, role],
    ]) {
      expect(complaintsOf(given(...lines) + more)).toEqual([expect.stringContaining('conflict tap.servers.')])
    }
  })

  it('has jobs where it is said where they are kept, in its own database unless another is named', () => {
    const lines = 'jobs: {bucket: tap-results, topic: projects/demo/topics/queries, keptDays: {default: 3}'
    expect(serviceOf(`${lines}}`).jobs).toMatchObject({
      bucket: 'tap-results',
      dispatch: { kind: 'topic', topic: 'projects/demo/topics/queries' },
      delivery: 'stream',
      executionSeconds: { default: 300, hard: 540 },
      keptDays: { default: 3, hard: 30 },
      database: { kind: 'url', url: 'postgresql://tap@h/tap', passwordKey: null, poolMax: 5 },
    })
    expect(serviceOf(`${lines}, databaseUrl: "postgresql://j@h/jobs"}`).jobs?.database).toMatchObject({
      url: 'postgresql://j@h/jobs',
    })
  })

  it('may be a Qserv, whose queries may take longer than anybody waits', () => {
    const query = 'query: {type: qserv, qserv: {url: "https://czar:4048", executionSeconds: {default: 7200}}}'
    const { query: found, jobs } = serviceOf(`jobs: {bucket: b-1, topic: projects/demo/topics/queries}\n${query}`)
    expect(found).toMatchObject({
      type: 'qserv',
      schemas: null,
      qserv: { storage: 'transfer', unclearSubmit: 'resubmit', nullText: 'null', sendVersion: true, maintenance: null },
    })
    expect(jobs?.executionSeconds).toEqual({ default: 7200, hard: 14_400 })
  })

  it('may hand its jobs to Cloud Tasks, which waits longer', () => {
    expect(serviceOf(`jobs: {bucket: b-1, delivery: redirect, ${TASKS}}`).jobs).toMatchObject({
      dispatch: { kind: 'tasks', queue: 'projects/demo/locations/europe-west1/queues/queries', apiEndpoint: null },
      delivery: 'redirect',
      executionSeconds: { default: 300, hard: 1740 },
    })
  })

  it.each([
    ['jobs: {topic: projects/demo/topics/queries}', 'missing_key'],
    ['jobs: {bucket: b-1, topic: queries}', 'invalid_value'],
    ['jobs: {bucket: b-1, topic: projects/demo/topics/queries, executionSeconds: {default: 600}}', 'conflict'],
    ['jobs: {bucket: b-1, topic: projects/demo/topics/queries, executionSeconds: {hard: 600}}', 'out_of_range'],
    [`jobs: {bucket: b-1, ${TASKS}, executionSeconds: {hard: 2000}}`, 'out_of_range'],
    ['jobs: {bucket: b-1}', 'missing_key'],
    [`jobs: {bucket: b-1, topic: projects/demo/topics/queries, ${TASKS}}`, 'conflict'],
    [`jobs: {bucket: b-1, ${TASKS.replace('queues', 'topics')}}`, 'invalid_value'],
    [`jobs: {bucket: b-1, ${TASKS.replace('run@', '')}}`, 'invalid_value'],
    ['jobs: {bucket: b-1, topic: projects/demo/topics/queries, keptDays: {default: 40}}', 'conflict'],
  ])('does not take %s', (lines, says) => {
    expect(complaintsOf(withService(lines)).join('\n')).toContain(says)
  })

  it('may have its data in a database of its own', () => {
    const lines = 'query: {role: tap_reader, database: {instance: "p:r:n", user: tap@p.iam, name: data, poolMax: 20}}'
    expect(serviceOf(lines).query).toEqual({
      type: 'postgresql',
      schemas: null,
      role: 'tap_reader',
      qserv: null,
      database: {
        kind: 'cloudsql',
        instance: 'p:r:n',
        ipType: 'PRIVATE',
        user: 'tap@p.iam',
        database: 'data',
        poolMax: 20,
        adminApiEndpoint: null,
      },
    })
  })

  it('may have no hard limit of rows', () => {
    expect(serviceOf('limits: {maxrec: {hard: null}}').limits.maxrec).toEqual({ default: 100_000, hard: null })
  })

  it('may be for users with certain scopes', () => {
    const yaml = `${withService('access: {type: gafaelfawr, scopes: ["read:tap"]}')}discovery: {trustedProxy: true}\n`
    expect(environmentOf(yaml).servers.get('tap')?.service?.access).toEqual({
      type: 'gafaelfawr',
      scopes: ['read:tap'],
    })
  })

  it('may be open to the scripts of some web pages', () => {
    const origins = ['https://a.example', 'http://localhost:8000']
    expect(serviceOf(`cors: ${JSON.stringify(origins)}`).cors).toEqual(origins)
  })

  it('may have examples of several lines', () => {
    const lines = 'examples:\n  - name: All\n    query: |\n      SELECT *\n      FROM a.b\n    table: a.b'
    expect(serviceOf(lines).examples).toEqual([
      { name: 'All', query: 'SELECT *\nFROM a.b\n', description: null, table: 'a.b' },
    ])
  })

  it('takes its keys in snake_case', () => {
    expect(serviceOf('limits: {sync_seconds: 5, query_bytes: 1000}').limits).toMatchObject({
      syncSeconds: 5,
      queryBytes: 1000,
    })
  })

  it.each([
    ['no URL', withUrl('service: {geometry: auto}'), 'missing_key'],
    ['a misspelt key', withService('geometri: auto'), 'unknown_key'],
    ['a misspelt key further down', withService('limits: {uploads: {row: 5}}'), 'unknown_key'],
    ['another backend', withService('query: {type: mysql}'), 'invalid_value'],
    ['everybody for a role', withService('query: {role: public}'), 'invalid_value'],
    ["one of Almagest's own roles", withService('query: {role: almagest_owner}'), 'invalid_value'],
    [
      'a database given twice',
      withService('query: {databaseUrl: "postgresql://h/a", database: {url: "postgresql://h/b"}}'),
      'conflict',
    ],
    ['a database that is no URL', withService('query: {databaseUrl: "h/a"}'), 'invalid_value'],
    ['a variable in a database', withService(`query: {databaseUrl: "postgresql://\${HOST}/a"}`), 'unsupported'],
    ['a schema twice', withService('query: {schemas: [a, a]}'), 'duplicate_item'],
    ['an unknown geometry', withService('geometry: q3c'), 'invalid_value'],
    ['a rule of names that does not exist', withService('names: {case: upper}'), 'invalid_value'],
    ['a name of four parts', withService('names: {exceptions: {a.b.c.d: e}}'), 'invalid_value'],
    ['a column that lies elsewhere', withService('names: {exceptions: {a.b.c: d.e}}'), 'invalid_value'],
    ['a table in a catalogue', withService('names: {exceptions: {a.b: c.d.e}}'), 'invalid_value'],
    ['a name in two spellings', withService('names: {exceptions: {a.b: c, A.B: d}}'), 'conflict'],
    ['a name over 63 bytes', withService(`names: {exceptions: {a.b: ${'x'.repeat(64)}}}`), 'invalid_value'],
    ['Qserv without its section', withService('query: {type: qserv}'), 'missing_key'],
    ['a Qserv that is not asked', withService('query: {qserv: {url: "https://q:4048"}}'), 'conflict'],
    ['a Qserv without its address', withService('query: {type: qserv, qserv: {}}'), 'missing_key'],
    ['half a login to Qserv', withService('query: {type: qserv, qserv: {url: "https://q", user: a}}'), 'missing_key'],
    [
      'a password in the address of Qserv',
      withService('query: {type: qserv, qserv: {url: "https://a:b@q"}}'),
      'invalid_value',
    ],
    [
      'a child without its director',
      withService('query: {type: qserv, qserv: {url: "https://q", tables: [{table: a.b, kind: child}]}}'),
      'missing_key',
    ],
    ['a default over the hard limit', withService('limits: {maxrec: {default: 11, hard: 10}}'), 'conflict'],
    ['no rows at all', withService('limits: {maxrec: {hard: 0}}'), 'out_of_range'],
    ['half a second', withService('limits: {syncSeconds: 0.5}'), 'wrong_type'],
    ['an upload of 5 GiB', withService('limits: {uploads: {bytes: 5368709120}}'), 'out_of_range'],
    ['a URL for a host', withService('limits: {uploads: {privateHosts: ["http://h/"]}}'), 'invalid_value'],
    ['a host in upper case', withService('limits: {uploads: {privateHosts: [Files.example]}}'), 'invalid_value'],
    ['scopes that nobody is asked for', withService('access: {scopes: [a]}'), 'conflict'],
    ['an audience that nobody is asked for', withService('access: {audience: [a]}'), 'conflict'],
    ['Google without an audience', withService('access: {type: google}'), 'missing_key'],
    ['a user that is none', withService('access: {type: google, audience: [a], allow: [ann]}'), 'invalid_value'],
    ['scopes of Google', withService('access: {type: google, audience: [a], scopes: [b]}'), 'conflict'],
    ['users whom nobody can identify', withService('access: {type: gafaelfawr}'), 'missing_key'],
    ['a path for an origin', withService('cors: ["https://a.example/"]'), 'invalid_value'],
    ['all origins among others', withService('cors: ["*"]'), 'invalid_value'],
    ['one origin that is no list', withService('cors: https://a.example'), 'wrong_type'],
    ['an example without a query', withService('examples: [{name: a}]'), 'missing_key'],
    ['an example twice', withService('examples: [{name: a, query: b}, {name: a, query: c}]'), 'duplicate_item'],
  ])('is refused with %s', (_, yaml, code) => {
    expect(problemOf(yaml).code).toBe(code)
  })

  it.each([
    ['ftp://h.example/tap', 'is not a URL'],
    ['/tap', 'is not a URL'],
    ['https://h.example/tap/', 'without a slash at its end'],
    ['https://h.example/tap?a=b', 'without ? and #'],
    ['https://h.example/tap#', 'without ? and #'],
    ['https://u:p@h.example/tap', 'user name or password'],
    ['https://h.example//tap', 'clients write in another way'],
    ['https://h.example/../tap', 'clients write in another way'],
  ])('cannot be at %s', (url, reason) => {
    expect(problemOf(withUrl(`service: {url: "${url}"}`)).message).toContain(reason)
  })

  it('reports what is wrong at its place, with what would be right', () => {
    const yaml = withService('limits:\n  uploads:\n    tabels: 5\n  joins: 100')
    expect(complaintsOf(yaml)).toEqual([
      '10:13 unknown_key tap.servers.tap.service.limits.uploads.tabels',
      '11:18 out_of_range tap.servers.tap.service.limits.joins',
    ])
    const [message, suggestion] = [problemOf(withService('geometry: pgspere')), problemOf(withService('querry: {}'))]
    expect(message.suggestion).toBe('pgsphere')
    expect(suggestion.suggestion).toBe('query')
  })

  it.each(['https://h.example/tap', 'https://h.example/tap/more', 'https://h.example'])(
    'does not share its URL with another server: %s',
    (url) => {
      const other = `    other: {schemas: [a], databaseUrl: "postgresql://h/other", service: {url: "${url}"}}\n`
      expect(problemOf(withService('') + other)).toMatchObject({
        code: 'conflict',
        path: 'tap.servers.other.service',
      })
    },
  )

  it.each(['{url: "ftp://h"}', '{geometry: auto}', '{url: "https://h", examples: [{name: a}]}'])(
    'may be wrong or incomplete where the server is disabled: %s',
    (service) => {
      expect(environmentOf(withServer(`enabled: false\nservice: ${service}`)).servers.size).toBe(0)
    },
  )

  it('that is misspelt is reported where the server is disabled, too', () => {
    expect(problemOf(withServer('enabled: false\nservice: {ulr: "https://h"}'))).toMatchObject({ suggestion: 'url' })
  })
})

describe('names of the database', () => {
  const { names } = serviceOf(
    'names:\n  case: exact\n  exceptions:\n    DP1: dp1_2025\n    dp1.Object: Public."Object"\n    \'dp1."Order"\': orders\n    dp1.Object.ra: coord_ra',
  )

  it('are found however a name of TAP_SCHEMA is written', () => {
    expect(names.rule).toBe('exact')
    expect(names.schemas.get(nameKey('dp1'))).toBe('dp1_2025')
    expect(names.tables.get(nameKey('dp1.object'))).toEqual({ schema: 'public', name: 'Object' })
    expect(names.columns.get(nameKey('dp1.Object.RA'))).toBe('coord_ra')
  })

  it('keep the case of delimited names apart', () => {
    expect(names.tables.get(nameKey('dp1."Order"'))).toEqual({ name: 'orders' })
    expect(names.tables.get(nameKey('dp1."order"'))).toBeUndefined()
    expect(names.tables.get(nameKey('dp1.order'))).toBeUndefined()
  })
})

describe("functions of the site's own", () => {
  const withFunction = (signature: string, sql: string) =>
    withService(
      `functions:\n  - signature: ${JSON.stringify(signature)}\n    description: d\n    sql: ${JSON.stringify(sql)}`,
    )

  it('are read with their parameters', () => {
    const yaml = withFunction('Airmass( alt double, site TEXT ) -> real', 'site.airmass($1, $2)')
    expect(environmentOf(yaml).servers.get('tap')?.service?.functions).toEqual([
      {
        name: 'Airmass',
        parameters: [
          { name: 'alt', type: 'DOUBLE' },
          { name: 'site', type: 'TEXT' },
        ],
        returns: 'REAL',
        description: 'd',
        sql: 'site.airmass($1, $2)',
      },
    ])
  })

  it('may have no parameters', () => {
    const yaml = withFunction('epoch() -> DOUBLE', '51544.5::float8')
    expect(environmentOf(yaml).servers.get('tap')?.service?.functions[0]?.parameters).toEqual([])
  })

  it.each([
    ['a name alone', 'airmass', 'f()', 'is not a signature'],
    ['no result', 'f(a DOUBLE)', 'f($1)', 'is not a signature'],
    ['a word of ADQL', 'abs(a DOUBLE) -> DOUBLE', 'f($1)', 'reserved word'],
    ['an unknown type', 'f(a DUOBLE) -> DOUBLE', 'f($1)', 'did you mean DOUBLE?'],
    ['an unknown result', 'f(a DOUBLE) -> FLOAT8', 'f($1)', 'must be one of DOUBLE'],
    ['a parameter without a type', 'f(a) -> DOUBLE', 'f($1)', 'expected its name and type'],
    ['an argument too many', 'f(a DOUBLE) -> DOUBLE', 'f($1, $2)', 'has $2, but f has one parameter'],
    ['an argument too few', 'f(a DOUBLE, b DOUBLE) -> DOUBLE', 'f($1)', 'does not use $2, the parameter b'],
    ['an argument in quotes alone', 'f(a DOUBLE) -> DOUBLE', "f('$1')", 'does not use $1'],
    ['two statements', 'f(a DOUBLE) -> DOUBLE', 'f($1); drop table t', 'must be one expression'],
    ['a comment', 'f(a DOUBLE) -> DOUBLE', 'f($1) -- why', 'must be one expression'],
    ['an open parenthesis', 'f(a DOUBLE) -> DOUBLE', 'f($1', '"(" that is not closed'],
    ['a closed parenthesis', 'f(a DOUBLE) -> DOUBLE', 'f($1))', '")" without its "("'],
    ['an open quote', 'f(a DOUBLE) -> DOUBLE', "f($1, 'x)", 'not closed'],
    ['a subquery', 'f(a DOUBLE) -> DOUBLE', '(Select max(x) from t where y = $1)', 'make a function of the database'],
    ['a function of the grammar', 'Distance(a DOUBLE) -> DOUBLE', 'f($1)', 'Distance is a'],
    ['two parameters of one name', 'f(a DOUBLE, A DOUBLE) -> DOUBLE', 'f($1, $2)', 'has two parameters A'],
    ['no SQL', 'f(a DOUBLE) -> DOUBLE', '', 'is empty'],
  ])('are refused with %s', (_, signature, sql, reason) => {
    const { code, message } = problemOf(withFunction(signature, sql))
    expect(code).toBe('invalid_value')
    expect(message).toContain(reason)
  })

  it('are refused twice, in whatever case', () => {
    const one = '{signature: "f() -> DOUBLE", description: d, sql: "1"}'
    expect(problemOf(withService(`functions: [${one}, ${one.replace('f()', 'F()')}]`)).code).toBe('duplicate_item')
  })
})
