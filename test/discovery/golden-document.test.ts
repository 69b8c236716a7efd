import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { buildDiscovery } from '../../shared/discovery/build-document.ts'
import { toNubladoForm } from '../../shared/discovery/nublado-form.ts'
import type { DiscoveryConfig } from '../../shared/environment/discovery/discovery.ts'
import { parseEnvironment } from '../../shared/environment/parse.ts'
import { formatProblem } from '../../shared/problem.ts'

const GOLDEN = join(import.meta.dirname, '../../../shared/data/golden/discovery')
const present = existsSync(GOLDEN)
const read = (name: string) => readFileSync(join(GOLDEN, name), 'utf8')
const list = (folder: string) => (present ? readdirSync(join(GOLDEN, folder)) : [])
const EXAMPLE = { baseUrl: 'https://example.com/repertoire', hipsBaseUrl: 'https://example.com' }

function configOf(file: string, text: string): DiscoveryConfig {
  const { environment, problems } = parseEnvironment(file, text)
  expect(problems.map(formatProblem)).toEqual([])
  return environment!.discovery
}

describe.skipIf(!present)(
  'the discovery document, against the answers of Repertoire (skipped without ../shared/data)',
  () => {
    const environments = list('environments').filter((name) => name.endsWith('.config.yaml'))

    it.each(environments)('%s gives the bytes of its golden document', (name) => {
      const config = configOf(name, read(`environments/${name}`))
      const base = `https://${config.baseHostname}`
      const document = buildDiscovery(config, { baseUrl: `${base}/repertoire`, hipsBaseUrl: base })
      const golden = JSON.parse(read(`environments/${name.replace('.config.yaml', '.discovery.json')}`))
      expect(document).toEqual(golden)
      expect(JSON.stringify(document)).toBe(JSON.stringify(golden))
    })

    it.each(list('tricky'))('tricky/%s gives its document and its Nublado form', (name) => {
      const {
        config,
        base_url: baseUrl,
        hips_base_url: hipsBaseUrl,
        discovery,
        nublado,
      } = JSON.parse(read(`tricky/${name}`))
      const document = buildDiscovery(configOf(name, JSON.stringify(config)), { baseUrl, hipsBaseUrl })
      expect(JSON.stringify(document)).toBe(JSON.stringify(discovery))
      expect(toNubladoForm(document)).toEqual(nublado)
    })

    it('phalanx.yaml gives its document and its Nublado form', () => {
      const document = buildDiscovery(configOf('phalanx.yaml', read('config/phalanx.yaml')), EXAMPLE)
      expect(document).toEqual(JSON.parse(read('discovery/phalanx.json')))
      expect(toNubladoForm(document)).toEqual(JSON.parse(read('discovery/nublado.json')))
    })

    it('registry.yaml gives the bytes that the real server sent', () => {
      const [body = ''] = /^\{"applications":.*$/m.exec(read('live-capture.txt')) ?? []
      const [, baseUrl = ''] = /"credentials_url":"(.*?)\/discovery\//.exec(body) ?? []
      const [, hipsBaseUrl = ''] = /"hips":\{"url":"(.*?)\/api\//.exec(body) ?? []
      const document = buildDiscovery(configOf('registry.yaml', read('config/registry.yaml')), { baseUrl, hipsBaseUrl })
      expect(JSON.stringify(document)).toBe(body)
    })

    it('minimal.yaml gives an empty document', () => {
      expect(buildDiscovery(configOf('minimal.yaml', read('config/minimal.yaml')), EXAMPLE)).toEqual({})
    })
  },
)
