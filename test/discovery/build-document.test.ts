import { describe, expect, it } from 'vitest'
import { buildDiscovery, type DiscoveryOptions } from '../../shared/discovery/build-document.ts'
import { toNubladoForm } from '../../shared/discovery/nublado-form.ts'
import { ownUrls } from '../../shared/discovery/own-urls.ts'
import type { TapSchema } from '../../shared/discovery/tap-schemas.ts'
import { parseEnvironment } from '../../shared/environment/parse.ts'
import { formatProblem } from '../../shared/problem.ts'

const BASE = 'https://rsp.example.org'

function configOf(yaml: string) {
  const { environment, problems } = parseEnvironment('env.yaml', `baseHostname: rsp.example.org\n${yaml}`)
  expect(problems.filter(({ severity }) => severity === 'error').map(formatProblem)).toEqual([])
  return environment!.discovery
}

function documentOf(yaml: string, options: Partial<DiscoveryOptions> = {}) {
  return buildDiscovery(configOf(yaml), { baseUrl: `${BASE}/repertoire`, hipsBaseUrl: BASE, ...options })
}

const DATASETS =
  'availableDatasets: [b, a]\ndatasets: {b: {description: B}, a: {description: A}, c: {description: C}}\n'

describe('rules of 2.x', () => {
  it('of an application on a subdomain are its subdomain rules, and none where there are none', () => {
    const yaml = `applications: [one, two]
useSubdomains: [one, two]
rules:
  one: [{type: ui, name: one, template: "https://{{base_hostname}}/one"}]
  two: [{type: ui, name: two, template: "https://{{base_hostname}}/two"}]
subdomainRules:
  one: [{type: ui, name: uno, template: "https://one.{{base_hostname}}"}]
  three: [{type: ui, name: three, template: "https://three.{{base_hostname}}"}]
`
    expect(documentOf(yaml).services).toEqual({ ui: { uno: { url: 'https://one.rsp.example.org/' } } })
  })

  it('keep their order within an application, and applications are visited by code point', () => {
    const rule = (name: string) =>
      `[{type: internal, name: ${name}, template: "https://h/${name}"}, {type: internal, name: first-${name}, template: "https://h/"}]`
    const document = documentOf(
      `applications: [b, B, "10", "9"]\nrules: {b: ${rule('b')}, B: ${rule('B')}, "9": ${rule('n')}, "10": ${rule('t')}}\n`,
    )
    expect(document.applications).toEqual(['10', '9', 'B', 'b'])
    expect(Object.keys(document.services!.internal!)).toEqual([
      't',
      'first-t',
      'n',
      'first-n',
      'B',
      'first-B',
      'b',
      'first-b',
    ])
  })

  it('apply to all available datasets with an empty list, and to none that is only described', () => {
    const document = documentOf(
      `${DATASETS}applications: [x]\nrules: {x: [{type: data, name: s, template: "https://h/{{ dataset }}", datasets: []}]}\n`,
    )
    expect(Object.keys(document.datasets!)).toEqual(['b', 'a'])
    expect(document.datasets!.a!.services).toEqual({ s: { url: 'https://h/a' } })
  })

  it('have an empty dataset where there is none', () => {
    const document = documentOf(
      'applications: [x]\nrules: {x: [{type: ui, name: u, template: "https://h/{{ dataset }}/x"}]}\n',
    )
    expect(document.services).toEqual({ ui: { u: { url: 'https://h//x' } } })
  })

  it('sort the versions of a service by name', () => {
    const versions = '{v2: {template: "https://h/2"}, v10: {template: "https://h/10"}, V3: {template: "https://h/3"}}'
    const document = documentOf(
      `applications: [x]\nrules: {x: [{type: internal, name: i, template: "https://h", versions: ${versions}}]}\n`,
    )
    expect(Object.keys(document.services!.internal!.i!.versions!)).toEqual(['V3', 'v10', 'v2'])
  })

  it('keep their order where names look like numbers, in the Nublado form too', () => {
    const versions = '{"2": {template: "https://h/2"}, "10": {template: "https://h/10"}, a: {template: "https://h/a"}}'
    const rule = (name: string) => `{type: internal, name: ${name}, template: "https://h/", versions: ${versions}}`
    const influx = '{url: "https://i", database: d, username: u, passwordKey: k, schemaRegistry: "http://s"}'
    const document = documentOf(
      `availableDatasets: ["2", a, "1"]
datasets: {a: {description: A}, "2": {description: Two}, "1": {description: One}}
influxdbDatabases: {b: ${influx}, "10": ${influx}, "9": ${influx}}
applications: [x]
rules: {x: [${rule('b')}, ${rule('"7"')}, ${rule('"3"')}, ${rule('b')}]}
`,
    )
    for (const form of [JSON.stringify(document), JSON.stringify(toNubladoForm(document))]) {
      const keys = Array.from(form.matchAll(/"(\w+)":\{/g), ([, key]) => key)
      const services = ['b', '7', '3'].flatMap((name) => [name, 'versions', '10', '2', 'a'])
      expect(keys).toEqual([
        ...['datasets', 'a', '2', '1', 'influxdb_databases', '10', '9', 'b', 'services', 'internal'],
        ...services,
      ])
    }
  })

  it('name a service without a name after its application, unless it belongs to a dataset', () => {
    const rules = ['ui', 'internal', 'data'].map((type) => `{type: ${type}, name: "", template: "https://h/${type}"}`)
    const yaml = (key: string) => `${DATASETS}applications: [x]\n${key}: {x: [${rules.join(', ')}]}\n`
    for (const document of [documentOf(yaml('rules')), documentOf(`useSubdomains: [x]\n${yaml('subdomainRules')}`)]) {
      expect(document.services).toEqual({
        internal: { x: { url: 'https://h/internal' } },
        ui: { x: { url: 'https://h/ui' } },
      })
      expect(document.datasets!.a!.services).toEqual({ '': { url: 'https://h/data' } })
    }
  })

  it('have no OpenAPI description where its template is empty', () => {
    const document = documentOf(
      'applications: [x]\nrules: {x: [{type: internal, name: i, template: "https://h", openapi: ""}]}\n',
    )
    expect(document.services).toEqual({ internal: { i: { url: 'https://h/' } } })
  })

  it('may use names that mean something to JavaScript', () => {
    const document = documentOf(
      'applications: [__proto__]\nrules: {__proto__: [{type: ui, name: __proto__, template: "https://h/p"}]}\n',
    )
    expect(JSON.stringify(document)).toBe(
      '{"applications":["__proto__"],"services":{"ui":{"__proto__":{"url":"https://h/p"}}}}',
    )
  })
})

const RULES_3 = `${DATASETS}applications: [app]
rules:
  app:
    ui:
      page: {template: "https://{{base_hostname}}/page", title: Page, docsUrl: "https://docs.example", requiredScopes: [exec:portal], quotaLabels: {q: {title: Q}}}
    internal:
      api:
        template: https://{{base_hostname}}/api
        openapi: https://{{base_hostname}}/api/openapi.json
        versions: {v1: {template: "https://{{base_hostname}}/api/v1"}}
        quotaLabels: {app: {title: "{links} requests"}, hidden: {title: Hidden, internal: true}}
    data:
      sia:
        versions: {sia-query-2.0: {template: "https://{{base_hostname}}/sia/{{dataset}}/query", ivoaStandardId: "ivo://ivoa.net/std/SIA#query-2.0"}}
        openapi: https://{{base_hostname}}/sia/openapi.json
        quotaLabels: {sia: {title: Image requests}}
        requiredScopes: [read:image, read:tap]
        docsUrl: https://www.ivoa.net/documents/SIA/
        title: Simple image access
        template: https://{{base_hostname}}/sia/{{dataset}}
        datasets: [a]
`

describe('rules of 3.x', () => {
  it('give the new members, in the order of Repertoire 3', () => {
    const document = documentOf(RULES_3)
    expect(JSON.stringify(document.datasets!.a!.services)).toBe(
      JSON.stringify({
        sia: {
          url: `${BASE}/sia/a`,
          title: 'Simple image access',
          docs_url: 'https://www.ivoa.net/documents/SIA/',
          required_scopes: ['read:image', 'read:tap'],
          openapi: `${BASE}/sia/openapi.json`,
          quota_labels: { sia: { title: 'Image requests' } },
          versions: { 'sia-query-2.0': { url: `${BASE}/sia/a/query` } },
        },
      }),
    )
    expect(document.datasets!.b!.services).toBeUndefined()
    expect(document.services).toEqual({
      internal: {
        api: {
          url: `${BASE}/api`,
          openapi: `${BASE}/api/openapi.json`,
          quota_labels: { app: { title: '{links} requests' }, hidden: { title: 'Hidden', internal: true } },
          versions: { v1: { url: `${BASE}/api/v1` } },
        },
      },
      ui: {
        page: {
          url: `${BASE}/page`,
          title: 'Page',
          docs_url: 'https://docs.example/',
          required_scopes: ['exec:portal'],
        },
      },
    })
  })

  it('have other templates on a subdomain, and keep everything else', () => {
    const overrides = `useSubdomains: [app]
subdomainOverrides:
  app:
    ui: {page: {template: "https://page.{{base_hostname}}/"}}
    internal: {api: {template: "https://api.{{base_hostname}}/", versions: {v1: {template: "https://api.{{base_hostname}}/v1"}}}}
`
    const { services, datasets } = documentOf(`${RULES_3}${overrides}`)
    expect(services!.ui!.page).toMatchObject({ url: 'https://page.rsp.example.org/', title: 'Page' })
    expect(services!.internal!.api).toMatchObject({
      url: 'https://api.rsp.example.org/',
      openapi: `${BASE}/api/openapi.json`,
      versions: { v1: { url: 'https://api.rsp.example.org/v1' } },
    })
    expect(datasets!.a!.services!.sia!.url).toBe(`${BASE}/sia/a`)
    const elsewhere = documentOf(`${RULES_3}${overrides.replace('[app]', '[]')}`)
    expect(elsewhere.services!.ui!.page!.url).toBe(`${BASE}/page`)
  })

  it('stay as they are on a subdomain without overrides', () => {
    expect(documentOf(`${RULES_3}useSubdomains: [app]\n`).services!.ui!.page!.url).toBe(`${BASE}/page`)
  })

  it('are not overridden by what names none of them, which is warned of', () => {
    const yaml = `baseHostname: h\n${RULES_3}subdomainOverrides: {app: {ui: {pages: {template: "https://x"}}, internal: {api: {template: "https://x", versions: {v2: {template: "https://y"}}}}}}\n`
    const { problems } = parseEnvironment('env.yaml', yaml)
    expect(problems.map(({ severity, code, message }) => [severity, code, message])).toEqual([
      ['warning', 'no_effect', 'the rule has no version "v2" to override'],
      ['warning', 'no_effect', 'app has no ui rule "pages" to override (did you mean page?)'],
    ])
  })

  it('may stand beside those of 2.x, application by application', () => {
    const document = documentOf(
      `applications: [o, n]\nrules:\n  o: [{type: ui, name: old, template: "https://h/o"}]\n  n: {ui: {new: {template: "https://h/n", title: New}}}\n`,
    )
    expect(document.services).toEqual({
      ui: { new: { url: 'https://h/n', title: 'New' }, old: { url: 'https://h/o' } },
    })
  })

  it('may have an environment whose titles are empty: then its name is its title', () => {
    const titles = (given: string) =>
      documentOf(`environment: {name: n, label: l, docsUrl: "https://d", ${given}}`).environment
    expect(titles('title: "", titleLong: ""')).toMatchObject({ title: 'n', title_long: 'n' })
    expect(titles('title: T, titleLong: ""')).toMatchObject({ title: 'T', title_long: 'T' })
  })

  it('come with the environment, ObsCore configurations and texts about HiPS and InfluxDB', () => {
    const document = documentOf(`${DATASETS}
environmentName: old name
environment: {name: data.example, label: idf, docsUrl: "https://phalanx.example/idf", title: Short}
obscoreConfigs: {a: "https://raw.example/a.yaml", c: "https://raw.example/c.yaml"}
hips: {datasets: {a: {paths: [p]}}, pathPrefix: /hips, sourceTemplate: "https://{{base_hostname}}/{{dataset}}", title: HiPS, docsUrl: "https://ivoa.example", requiredScopes: [read:image], quotaLabels: {hips: {title: HiPS requests}}}
influxdbDatabases: {efd: {url: "https://i", database: efd, username: u, passwordKey: k, schemaRegistry: "http://s", description: Facility}}
`)
    expect(document).toEqual({
      datasets: {
        b: { description: 'B' },
        a: {
          description: 'A',
          obscore_config: 'https://raw.example/a.yaml',
          services: {
            hips: {
              url: `${BASE}/hips/a/list`,
              title: 'HiPS',
              docs_url: 'https://ivoa.example/',
              required_scopes: ['read:image'],
              quota_labels: { hips: { title: 'HiPS requests' } },
              versions: { 'hips-list-1.0': { url: `${BASE}/hips/a/list` } },
            },
          },
        },
      },
      environment: {
        name: 'data.example',
        label: 'idf',
        title: 'Short',
        title_long: 'Short',
        docs_url: 'https://phalanx.example/idf',
      },
      environment_name: 'data.example',
      influxdb_databases: {
        efd: {
          url: 'https://i/',
          database: 'efd',
          schema_registry: 'http://s/',
          description: 'Facility',
          credentials_url: `${BASE}/repertoire/discovery/influxdb/efd`,
        },
      },
    })
  })
})

describe('the document', () => {
  it('names no HiPS lists where nobody knows the URL in front of them', () => {
    const yaml = `${DATASETS}hips: {datasets: {a: {paths: [p]}}, pathPrefix: /hips, sourceTemplate: "https://h/{{dataset}}"}\n`
    for (const options of [{}, { hipsBaseUrl: null }, { hipsBaseUrl: '' }]) {
      const document = buildDiscovery(configOf(yaml), { baseUrl: BASE, ...options })
      expect(document.datasets!.a!.services).toBeUndefined()
    }
  })

  it('keeps an empty environment name', () => {
    expect(documentOf('environmentName: ""\n')).toEqual({ environment_name: '' })
  })

  it('has credentials URLs that lead to the label, whatever it holds', () => {
    const entry = '{url: "https://i", database: d, username: u, passwordKey: k, schemaRegistry: "http://s"}'
    const labels = ['a/b', 'a?b', 'a#b', 'a%20b', 'ä b', '..a']
    const document = documentOf(
      `influxdbDatabases: {${labels.map((label) => `${JSON.stringify(label)}: ${entry}`).join(', ')}}\n`,
    )
    for (const label of labels) {
      const { pathname } = new URL(document.influxdb_databases![label]!.credentials_url)
      const prefix = '/repertoire/discovery/influxdb/'
      expect(pathname.startsWith(prefix) && decodeURIComponent(pathname.slice(prefix.length))).toBe(label)
    }
  })

  it('has both maps of services if the environment wants it', () => {
    const strict = 'discovery: {alwaysServices: true}\n'
    expect(documentOf('')).toEqual({})
    expect(documentOf(strict)).toEqual({ services: { internal: {}, ui: {} } })
    const rules = 'applications: [x]\nrules: {x: [{type: ui, name: u, template: "https://h/"}]}\n'
    expect(documentOf(strict + rules).services).toEqual({ internal: {}, ui: { u: { url: 'https://h/' } } })
    expect(toNubladoForm(documentOf(strict))).toEqual({})
  })

  it('holds what is live in the TAP servers, last, and only if there is any', () => {
    const live: TapSchema = { version: 'w.2026.34', loaded_at: null, source: null, schemas: ['dp1'], metadata: null }
    const document = documentOf('environmentName: e\n', { tapSchemas: { tap: live } })
    expect(Object.keys(document)).toEqual(['environment_name', 'tap_schemas'])
    expect(document.tap_schemas).toEqual({ tap: live })
    expect(documentOf('', { tapSchemas: {} })).toEqual({})
    expect(toNubladoForm(document)).toEqual({})
  })

  it('never holds a user name, password key or path of a secret', () => {
    const text = JSON.stringify(
      documentOf(
        'influxdbDatabases: {e: {url: "https://i", database: d, username: hidden-user, passwordKey: hidden-key, schemaRegistry: "http://s"}}\n',
      ),
    )
    expect(text).not.toMatch(/hidden/)
  })

  it('is built for the public URLs of the environment', () => {
    expect(ownUrls(configOf(''))).toEqual({ baseUrl: `${BASE}/repertoire`, hipsBaseUrl: BASE })
    expect(ownUrls(configOf('pathPrefix: /\ndiscovery: {publicBase: "https://d.example/x/"}\n'))).toEqual({
      baseUrl: 'https://d.example/x',
      hipsBaseUrl: 'https://d.example/x',
    })
  })
})
