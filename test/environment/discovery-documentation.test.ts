import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { buildDiscovery } from '../../shared/discovery/build-document.ts'
import { ownUrls } from '../../shared/discovery/own-urls.ts'
import { REPERTOIRE_KEYS } from '../../shared/environment/discovery/repertoire.ts'
import { environmentOf } from './parse-text.ts'

const read = (name: string) => readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8')
const text = read('discovery.md')

describe('docs/discovery.md', () => {
  it.each(Object.keys(REPERTOIRE_KEYS))('describes the key %s', (key) => {
    expect(text).toMatch(new RegExp(`^\\| \`${key}\` \\|`, 'm'))
    expect(read('configuration.md')).toContain(`\`${key}\``)
  })

  it('has an example that can be used', () => {
    const [, example = ''] = /```yaml\n(.*?)```/s.exec(text) ?? []
    const { discovery } = environmentOf(example)
    const document = buildDiscovery(discovery, ownUrls(discovery)!)
    expect(document).toMatchObject({
      datasets: { dp1: { services: { tap: { title: 'Table access protocol (TAP)', required_scopes: ['read:tap'] } } } },
      influxdb_databases: {
        idf_efd: { credentials_url: 'https://data.example.org/repertoire/discovery/influxdb/idf_efd' },
      },
      services: { internal: {}, ui: { nublado: { url: 'https://nb.data.example.org/nb' } } },
    })
  })
})
