import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseEnvironment } from '../../shared/environment/parse.ts'
import { requireDiscovery } from '../../shared/environment/require.ts'
import { formatProblem } from '../../shared/problem.ts'
import { NO_DISCOVERY } from '../support/discovery-config.ts'
import { complaintsOf, environmentOf, problemOf } from './parse-text.ts'

const INVALID = join(import.meta.dirname, '../../../shared/data/golden/discovery/invalid-configs.json')
const invalid: Record<string, { config: object; errors: { loc: (string | number)[] }[] }> = existsSync(INVALID)
  ? JSON.parse(readFileSync(INVALID, 'utf8'))
  : {}
const discoveryOf = (yaml: string) => environmentOf(`baseHostname: rsp.example.org\n${yaml}`).discovery
const rulesOf = (rule: string) => `baseHostname: h.example\nrules:\n  app:\n  - ${rule}\n`

describe.skipIf(!existsSync(INVALID))('what Repertoire refuses is refused (skipped without ../shared/data)', () => {
  it.each(Object.keys(invalid).filter((name) => name !== 'no-baseHostname'))('%s', (name) => {
    const { config, errors } = invalid[name]!
    const { environment, problems } = parseEnvironment('env.yaml', JSON.stringify(config, null, 2))
    expect(environment).toBeNull()
    expect(problems).toHaveLength(errors.length)
    // Repertoire names the type of a tagged rule in its locations, and the whole of it for a wrong tag.
    const where = errors[0]!.loc.filter((part) => !['data', 'internal', 'ui', 'tap'].includes(String(part)))
    expect(problems[0]!.path.startsWith(where.join('.'))).toBe(true)
    expect(problems[0]!.line).toBeGreaterThan(0)
  })

  it('no-baseHostname: by those who describe the environment', () => {
    const { environment } = parseEnvironment('env.yaml', JSON.stringify(invalid['no-baseHostname']!.config))
    expect(() => requireDiscovery(environment!)).toThrow(/env\.yaml.*baseHostname/)
  })
})

describe('a file that describes no environment', () => {
  it('has the defaults', () => {
    expect(environmentOf('{}').discovery).toEqual(NO_DISCOVERY)
  })

  it('may name its path', () => {
    expect(environmentOf('pathPrefix: /discover/\nname: Mine').discovery).toMatchObject({
      pathPrefix: '/discover',
      name: 'Mine',
    })
  })

  it('needs a host name as soon as it describes something', () => {
    expect(complaintsOf('topic: projects/p-1/topics/t-1\napplications: [a]\n')).toEqual([
      '1:1 missing_key baseHostname',
    ])
    expect(complaintsOf('base_hostname: null\napplications: [a]\n')).toEqual(['1:1 missing_key baseHostname'])
  })
})

describe('problems of a configuration', () => {
  it('are reported all at once, with line, column and what was probably meant', () => {
    const yaml = `applicatons: [a]
baseHostname: https://h.example/
datasets:
  dp1:
    docsURL: https://dp1.example
    docs: x
  dp2: {description: 5, docsUrl: gs://b/o}
rules:
  app:
  - {type: dta, name: x, template: "https://h"}
  - {type: ui, name: x, template: "https://{{hostname}}/"}
hips: {datasets: {dp1: {path: [a]}}, pathPrefix: x}
`
    const { environment, problems } = parseEnvironment('env.yaml', yaml)
    expect(environment).toBeNull()
    expect(problems.map((problem) => formatProblem(problem))).toEqual([
      'env.yaml:1:1: applicatons: there is no key "applicatons" here (did you mean applications?)',
      'env.yaml:2:15: baseHostname: "https://h.example/" must be the host alone, without https://',
      'env.yaml:4:3: datasets.dp1.description: description is missing',
      'env.yaml:5:5: datasets.dp1.docsURL: there is no key "docsURL" here (did you mean docsUrl?)',
      'env.yaml:6:5: datasets.dp1.docs: there is no key "docs" here',
      'env.yaml:7:22: datasets.dp2.description: must be text, not the number 5; put it in quotes',
      'env.yaml:7:34: datasets.dp2.docsUrl: "gs://b/o" is not an http or https URL',
      'env.yaml:10:12: rules.app.0.type: must be one of data, internal, ui, not "dta" (did you mean data?)',
      'env.yaml:11:35: rules.app.1.template: "https://{{hostname}}/" has {{hostname}}: a template may hold {{ base_hostname }} and {{ dataset }}, and no other braces',
      'env.yaml:12:1: hips.sourceTemplate: sourceTemplate is missing',
      'env.yaml:12:25: hips.datasets.dp1.path: there is no key "path" here (did you mean paths?)',
      'env.yaml:12:50: hips.pathPrefix: "x" must begin with a slash',
    ])
  })

  it('include a key that is given in both spellings', () => {
    expect(problemOf('baseHostname: a\nbase_hostname: b\n')).toMatchObject({ code: 'conflict', line: 2 })
  })

  it.each([
    ['https://{{ base_hostname | upper }}/x', '{{ base_hostname | upper }}'],
    ['https://{{ base_hostname }}/{% if x %}a{% endif %}', '{% if x %}'],
    ['https://{{ base_hostname }}/{# note #}', '{# note #}'],
    ['https://{{ base_hostname }}/{dataset}', '{dataset}'],
    ['https://{{ base_hostname }/x', '{{ base_hostname }/x'],
    ['https://base_hostname }}/x', '}'],
    ['https://{{- base_hostname }}/x', '{{- base_hostname }}'],
    ['https://{{ datasets }}/x', '{{ datasets }}'],
    ['https://{{}}/x', '{{}}'],
  ])('include the template %s', (template, found) => {
    const problem = problemOf(rulesOf(`{type: ui, name: a, template: ${JSON.stringify(template)}}`))
    expect(problem).toMatchObject({ code: 'invalid_value', path: 'rules.app.0.template', line: 4, column: 35 })
    expect(problem.message).toContain(` has ${found}: a template may hold`)
  })

  it('include a variable that is misspelt', () => {
    const problem = problemOf(rulesOf('{type: ui, name: a, template: "https://{{ base_hostnam }}/"}'))
    expect(problem.message).toContain('(did you mean {{ base_hostname }}?)')
  })

  it.each([
    ['no URL', '/relative'],
    ['another scheme', 'ftp://{{base_hostname}}/'],
    ['a script', 'javascript:alert(1)'],
    ['a URL that is too long', `https://{{base_hostname}}/${'x'.repeat(2083)}`],
  ])('include a template that makes %s', (_, template) => {
    expect(problemOf(rulesOf(`{type: ui, name: a, template: ${JSON.stringify(template)}}`)).code).toBe('invalid_value')
  })

  it('include a URL that only the names of this environment spoil', () => {
    const rule = '{type: data, name: a, template: "https://{{dataset}}.example/"}'
    const known = 'availableDatasets: ["a b", c, "d e"]\ndatasets: {"a b": {description: x}, c: {description: y}}\n'
    const problem = problemOf(`${known}applications: [app]\n${rulesOf(rule)}`)
    expect(problem.message).toContain('"https://a b.example/" of a is not a valid URL')
    const narrow = rule.replace('data, ', 'data, datasets: [c, "d e"], ')
    expect(environmentOf(`${known}applications: [app]\n${rulesOf(narrow)}`).discovery.rules.size).toBe(1)
  })

  it.each(['a b', 'a/b', 'user@host', 'https://h', 'h?x', '', '{{x}}'])('include the host name %j', (name) => {
    expect(problemOf(`baseHostname: ${JSON.stringify(name)}\n`)).toMatchObject({ path: 'baseHostname' })
  })

  it('do not include an empty path in front of others: it is the root', () => {
    const hips = '{datasets: {}, pathPrefix: "", legacy: {pathPrefix: ""}, sourceTemplate: "https://h"}'
    expect(discoveryOf(`pathPrefix: ""\nhips: ${hips}\n`)).toMatchObject({
      pathPrefix: '',
      hips: { pathPrefix: '', legacy: { pathPrefix: '' } },
    })
  })

  it.each(['x', '/a b', '/a?b', '/a/../b', '//evil.example', '/{x}'])('include the path %j', (path) => {
    expect(problemOf(`pathPrefix: ${JSON.stringify(path)}\n`)).toMatchObject({ path: 'pathPrefix' })
  })

  it('include a default InfluxDB database that is not there', () => {
    const database = '{url: "https://i", database: efd, username: u, passwordKey: k, schemaRegistry: "http://s"}'
    const problem = problemOf(
      `baseHostname: h\ninfluxdbDatabases: {idf_efd: ${database}}\ndiscovery: {defaultInfluxdb: idf-efd}\n`,
    )
    expect(problem).toMatchObject({ path: 'discovery.defaultInfluxdb', line: 3, suggestion: 'idf_efd' })
  })

  it('include a menu without a repository', () => {
    expect(problemOf('discovery: {tutorials: {menu: menu.json}}')).toMatchObject({
      path: 'discovery.tutorials.repository',
      code: 'missing_key',
    })
  })

  it('include dates that do not exist and identifiers that are none', () => {
    const entry = 'ivoid: "https://x", created: "2026-02-30", title: t, description: d'
    expect(complaintsOf(`baseHostname: h\ndatasets: {a: {description: d, ivoaRegistry: {${entry}}}}\n`)).toEqual([
      '2:54 invalid_value datasets.a.ivoaRegistry.ivoid',
      '2:76 invalid_value datasets.a.ivoaRegistry.created',
    ])
  })
})

describe('what is doubtful', () => {
  it('is a token in the file, which is not shown', () => {
    const { environment, problems } = parseEnvironment('env.yaml', 'baseHostname: h\ntoken: gt-secret\n')
    expect(environment).not.toBeNull()
    expect(problems).toMatchObject([{ code: 'no_effect', severity: 'warning', path: 'token', line: 2 }])
    expect(problems[0]!.message).not.toContain('gt-secret')
  })
})

describe('a configuration', () => {
  it('may have its flags as text or number, as chart parameters give them', () => {
    const local = (value: string) =>
      `influxdbDatabases: {e: {url: "https://i", database: d, username: u, passwordKey: k, schemaRegistry: "http://s", local: ${value}}}\n`
    const read = (value: string) => discoveryOf(local(value)).influxdbDatabases.get('e')?.local
    expect(['"true"', 'yes', '"ON"', '1', 'True'].map(read)).toEqual(Array(5).fill(true))
    expect(['"False"', 'n', '"off"', '0', '~'].map(read)).toEqual(Array(5).fill(false))
    expect(complaintsOf(`baseHostname: h\n${local('2')}`)).toEqual([expect.stringContaining('wrong_type')])
    expect(complaintsOf(`baseHostname: h\n${local('"maybe"')}`)).toEqual([expect.stringContaining('wrong_type')])
  })

  it.each(['{{base_hostname}}', '{{ base_hostname }}', '{{\tbase_hostname\n}}', '{{   base_hostname}}'])(
    'may write %j in templates',
    (variable) => {
      const yaml = rulesOf(`{type: ui, name: a, template: ${JSON.stringify(`https://${variable}/x`)}}`)
      expect(environmentOf(yaml).discovery.rules.get('app')).toHaveLength(1)
    },
  )

  it('may be in snake_case at every level', () => {
    const { hips, influxdbDatabases, datasets } = discoveryOf(`
datasets: {a: {description: d, docs_url: "https://a.example", ivoa_registry: {ivoid: "ivo://a.example/x", created: 2026-01-01, title: t, description: d, docs_url: "https://x"}}}
hips: {datasets: {}, path_prefix: /h/, source_template: "https://{{ dataset }}/", legacy: {path_prefix: /l}}
influxdb_databases: {e: {url: "https://i", database: d, username: u, password_key: k, schema_registry: "http://s:80"}}
`)
    expect(hips).toMatchObject({ pathPrefix: '/h', legacy: { dataset: null, pathPrefix: '/l' } })
    expect(influxdbDatabases.get('e')).toMatchObject({ url: 'https://i/', schemaRegistry: 'http://s/', local: false })
    expect(datasets.get('a')?.ivoaRegistry?.created).toEqual(new Date('2026-01-01T00:00:00Z'))
  })

  it('has its own public URL, else that of its host', () => {
    expect(discoveryOf('').publicBase).toBe('https://rsp.example.org')
    expect(discoveryOf('discovery: {publicBase: "HTTPS://Data.Example:443/x/"}').publicBase).toBe(
      'https://data.example/x',
    )
  })

  it('says where the menu of its tutorials lies', () => {
    const of = (menu: string) =>
      discoveryOf(`discovery: {tutorials: {repository: "https://github.com/a/b", menu: ${menu}}}`).tutorials
    expect(of('gs://bucket/a/menu.json')).toEqual({
      repository: 'https://github.com/a/b',
      menu: { kind: 'object', bucket: 'bucket', object: 'a/menu.json' },
    })
    expect(of('menus/t.json')?.menu).toEqual({ kind: 'file', path: 'menus/t.json' })
    expect(of('null')?.menu).toBeNull()
  })

  it.each([
    ['2026-04-16T00:00:00', '2026-04-16T00:00:00.000Z'],
    ['"2026-04-16T00:00:00"', '2026-04-16T00:00:00.000Z'],
    ['2026-04-16', '2026-04-16T00:00:00.000Z'],
    ['2026-04-16 12:00:00.25 +02:00', '2026-04-16T10:00:00.250Z'],
    ['"2026-04-16T12:00Z"', '2026-04-16T12:00:00.000Z'],
  ])('may write the date %s', (written, meant) => {
    const entry = `{ivoid: "ivo://a.example/x", created: ${written}, title: t, description: d}`
    const { datasets } = discoveryOf(`datasets: {a: {description: d, ivoaRegistry: ${entry}}}`)
    expect(datasets.get('a')?.ivoaRegistry?.created.toISOString()).toBe(meant)
  })
})
