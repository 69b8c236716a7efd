import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseEnvironment } from '../../shared/environment/parse.ts'
import { DEFAULT_LIMITS } from '../../shared/releases/limits.ts'
import { DEPLOYED } from '../../shared/tap-schema/options.ts'

const GOLDEN = join(import.meta.dirname, '../../../shared/data/golden/discovery')
const present = existsSync(GOLDEN)

function filesOf(folder: string): string[] {
  const path = join(GOLDEN, folder)
  return present
    ? readdirSync(path)
        .filter((name) => name.endsWith('.yaml'))
        .map((name) => join(folder, name))
    : []
}

describe.skipIf(!present)('configurations of Repertoire (skipped without ../shared/data)', () => {
  it.each([...filesOf('config'), ...filesOf('environments')])('%s is understood as it is', (name) => {
    const { environment, problems } = parseEnvironment(name, readFileSync(join(GOLDEN, name), 'utf8'))
    expect(problems).toEqual([])
    expect(environment).not.toBeNull()
  })

  it.each([
    ['tap.yaml', 'postgresql://test@127.0.0.1:5432/test'],
    ['tap-custom.yaml', 'postgresql://test@example.database.host:5433/test'],
  ])('%s gives its TAP server', (name, url) => {
    const { environment } = parseEnvironment(name, readFileSync(join(GOLDEN, 'config', name), 'utf8'))
    expect(environment?.releases).toEqual({
      bucket: 'sdm-schemas-releases',
      template: '{version}.tar.gz',
      limits: DEFAULT_LIMITS,
    })
    expect([...(environment?.servers.values() ?? [])]).toEqual([
      {
        name: 'tap',
        database: { kind: 'url', url, passwordKey: 'test_password', poolMax: 5 },
        schemas: ['dp02_dc2'],
        schemaVersion: 'w.2025.43',
        follow: [],
        swap: 'never',
        service: null,
        readers: [],
        options: DEPLOYED,
      },
    ])
  })
})

describe("Repertoire's own keys", () => {
  it('may be in snake_case', () => {
    const yaml = 'base_hostname: x\navailable_datasets: [any]\nslack_alerts: {of: any kind}\nlogLevel: DEBUG\n'
    expect(parseEnvironment('x.yaml', yaml).problems).toEqual([])
  })

  it('mean nothing deeper down', () => {
    expect(parseEnvironment('x.yaml', 'tap: {rules: {}}').problems).toMatchObject([{ code: 'unknown_key' }])
  })
})
