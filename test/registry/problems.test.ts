import { expect, test } from 'vitest'
import { formatProblem } from '../../shared/problem.ts'
import { buildRecords } from '../../shared/registry/build-records.ts'
import { complaintsOf } from '../environment/parse-text.ts'
import { type Changes, environmentText, smallEnvironment } from './environment.ts'

function problemsOf(changes: Changes): string[] {
  const environment = smallEnvironment(changes)
  const { problems } = buildRecords(environment, new Map(), { now: new Date('2026-06-01T00:00:00Z') })
  return problems.map(formatProblem)
}

test('a registry in order has no problems', () => {
  expect(problemsOf({})).toEqual([])
})

test('a record needs a subject, its own or that of all', () => {
  expect(problemsOf({ subjects: '[]', tap: ', subjects: [catalogs]' })).toEqual([
    'env.yaml:5:1: ivoaRegistry: the record ivo://o.example/registry has no subject: give subjects here, or ivoaRegistry.subjects for all',
    'env.yaml:5:1: ivoaRegistry: the record ivo://o.example has no subject: give subjects here, or ivoaRegistry.subjects for all',
    'env.yaml:8:5: ivoaRegistry.organisation: the record ivo://o.example/org has no subject: give subjects here, or ivoaRegistry.subjects for all',
  ])
})

const AT_TAP = 'env.yaml:14:7:'
const PATH = 'rules.tap.0.ivoaRegistry:'

test.each<[string, Changes, string]>([
  [
    'a subject that is no word of the thesaurus is a warning',
    { tap: ', subjects: [Big Surveys]' },
    `${AT_TAP} warning: ${PATH} the record ivo://o.example/tap has the subject "Big Surveys": words of the Unified Astronomy Thesaurus are in lower case with hyphens, like time-domain-astronomy`,
  ],
  [
    'an identifier below another authority is not ours to give',
    { ivoid: 'ivo://other.example/tap' },
    `${AT_TAP} ${PATH} the record ivo://other.example/tap is not below the authority ivo://o.example, the only one that this registry manages`,
  ],
  [
    'identifiers compare without case',
    { ivoid: 'ivo://O.example/Registry' },
    `${AT_TAP} ${PATH} there is another record ivo://O.example/Registry`,
  ],
  [
    'a contact needs an address',
    { adminEmail: 'nobody' },
    'env.yaml:5:1: ivoaRegistry: adminEmail is not an address that harvesters take: "nobody"',
  ],
  [
    'a name of a rule is looked for',
    { registry: '  authenticated: [tip]' },
    'env.yaml:15:1: registry: authenticated names "tip", which no data rule of a deployed application is called (did you mean tap?)',
  ],
  [
    'additions to no record are a warning',
    { registry: '  entries: { "ivo://o.example/tapp": { version: v1 } }' },
    'env.yaml:17:14: warning: registry.entries.ivo://o.example/tapp: is added to nothing: there is no such record here now',
  ],
  [
    'the record of the registry itself cannot be left out',
    { registry: '  entries: { "ivo://o.example/registry": { publish: false } }' },
    'env.yaml:17:14: registry.entries.ivo://o.example/registry: a registry without this record is none: publish cannot be false',
  ],
  ['a server has to exist', { registry: '  server: tap' }, 'env.yaml:15:1: registry: there is no TAP server "tap"'],
  [
    'a DataLink service needs its rule',
    {
      registry:
        '  services: [{ kind: datalink, rule: links, ivoid: "ivo://o.example/dl", created: 2026-01-01, title: t, description: d }]',
    },
    'env.yaml:17:14: registry.services.0: there is no data rule "links" of a deployed application',
  ],
  [
    'a HiPS list needs its dataset',
    {
      registry:
        '  services: [{ kind: hips, dataset: dp1, ivoid: "ivo://o.example/h", created: 2026-01-01, title: t, description: d }]',
    },
    'env.yaml:17:14: registry.services.0: there is no HiPS list of "dp1": hips.datasets does not have it',
  ],
])('%s', (_, changes, problem) => {
  expect(problemsOf(changes)).toEqual([problem])
})

test('a record from the future would be refused by validators', () => {
  const { problems } = buildRecords(smallEnvironment(), new Map(), { now: new Date('2025-12-31T00:00:00Z') })
  expect(problems.map(({ message }) => message)).toContain('the record ivo://o.example/tap was created in the future')
})

test.each([
  ['a short name has 16 characters at most', 'shortName: seventeen letters', 'shortName'],
  ['a region is a MOC in ASCII', 'coverage: { spatial: circle }', 'coverage.spatial'],
  ['a range has its smaller number first', 'coverage: { temporal: [2, 1] }', 'coverage.temporal'],
  ['wavebands are those of the vocabulary', 'coverage: { waveband: [Visible] }', 'coverage.waveband.0'],
  ['a DOI is given without its scheme', 'doi: "https://doi.org/10.5072/x"', 'doi'],
])('%s', (_, addition, path) => {
  const found = complaintsOf(environmentText({ registry: `  entries: { "ivo://o.example/tap": { ${addition} } }` }))
  expect(found).toEqual([expect.stringMatching(`^17:\\d+ invalid_value registry.entries.ivo://o.example/tap.${path}$`)])
})

test.each<[string, Changes, readonly string[]]>([
  [
    'with one of the registry itself, all are',
    { subjects: '[]', tap: ', subjects: [catalogs]' },
    ['', '/org', '/registry', '/tap'],
  ],
  ['with one of all, all are', { adminEmail: 'nobody' }, ['', '/org', '/registry', '/tap']],
  ['of another authority, that one is', { ivoid: 'ivo://other.example/tap' }, ['ivo://other.example/tap']],
])('%s', (_, changes, held) => {
  const built = buildRecords(smallEnvironment(changes), new Map(), { now: new Date('2026-06-01T00:00:00Z') })
  expect(built.held.map((ivoid) => ivoid.replace('ivo://o.example', '')).sort()).toEqual(held)
})
