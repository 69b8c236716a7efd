import { describe, expect, it } from 'vitest'
import { expandPattern } from '../../../shared/results/classify/expand-pattern.ts'
import { planShards } from '../../../shared/results/sweep/shards.ts'
import { rule } from '../config.ts'

const HEX = '0123456789abcdef'
const TWO = [...HEX].flatMap((a) => [...HEX].map((b) => a + b))

const CASES: readonly (readonly [pattern: string, prefixes: readonly string[], ofJob: readonly string[]])[] = [
  ['^(result|error)_(?<job>[a-z0-9]+)\\.(xml|parquet)$', ['error_', 'result_'], ['error_J', 'result_J']],
  ['^r/[0-9a-f]{2}/(?<job>[^/]+)/.*$', TWO.map((hh) => `r/${hh}/`), TWO.map((hh) => `r/${hh}/J`)],
  ['^r/\\d/(?<job>.+)$', [...'0123456789'].map((d) => `r/${d}/`), [...'0123456789'].map((d) => `r/${d}/J`)],
  ['^t/.+$', ['t/'], ['t/']],
  ['^a\\.b\\+c$', ['a.b+c'], ['a.b+c']],
  ['^a|b.c$', ['a', 'b'], ['a', 'b']],
  ['^.x|b$', [''], ['']],
  ['^x(?:a.|b)y$', ['xa', 'xby'], ['xa', 'xby']],
  ['^xa?y$', ['x'], ['x']],
  ['^xa*y$', ['x'], ['x']],
  ['^xa+y$', ['x'], ['x']],
  ['^x(ab){2}y$', ['xababy'], ['xababy']],
  ['^x(?i:q)(?<job>\\w+)$', ['x'], ['x']],
  ['^x[^)|]z|(?<job>q)$', [''], ['J', 'x']],
  ['^(?<job>[a-z]+)/result$', [''], ['J']],
  ['^\\p{L}x|z$', [''], ['']],
]

describe('the prefixes of a pattern', () => {
  it.each(CASES)('%s', (pattern, prefixes, ofJob) => {
    expect(expandPattern(pattern, null)).toEqual(prefixes)
    expect(expandPattern(pattern, 'J')).toEqual(ofJob)
  })

  it('stop where writing them out would take too many', () => {
    const prefixes = expandPattern('^r/[0-9a-f]{4}/x$', null)
    expect(prefixes.length).toBeLessThanOrEqual(1024)
    expect(prefixes.every((prefix) => /^r\/[0-9a-f]{0,2}$/.test(prefix))).toBe(true)
  })

  it('cut a bucket into shards that leave no name out', () => {
    const shards = planShards([rule('r', '^r/[0-9a-f]{2}/(?<job>[^/]+)$', '1d'), rule('t', '^t/.*$', '1d')])
    expect(shards).toHaveLength(258)
    expect(shards[0]?.start).toBeNull()
    expect(shards.at(-1)).toEqual({ start: 't/', end: null })
    for (const [index, shard] of shards.slice(1).entries()) expect(shard.start).toBe(shards[index]?.end)
  })
})
