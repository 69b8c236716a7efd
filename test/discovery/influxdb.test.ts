import { describe, expect, test } from 'vitest'
import { findDefault, splitUrl, visibleDatabases } from '../../shared/discovery/influxdb-access.ts'

const database = (label: string, database: string, local: boolean) => ({ label, database, local })

describe('the default EFD', () => {
  const summit = database('summit_efd', 'efd', false)
  const here = database('base_efd', 'efd', true)
  const metrics = database('metrics', 'lsst.square.metrics', true)

  test.each([
    ['the configured one', [summit, here], 'summit_efd', summit],
    ['the local one that is called efd', [summit, metrics, here], null, here],
    ['the only local one', [summit, metrics], null, metrics],
    ['none where two are as good', [here, { ...here, label: 'other' }, metrics], null, undefined],
    ['none where none is local', [summit], null, undefined],
    ['none where the configured one cannot be seen', [here], 'summit_efd', undefined],
  ])('is %s', (_which, databases, configured, expected) => {
    expect(findDefault(databases, configured)).toBe(expected)
  })
})

test('all scopes of a database are needed to see it', () => {
  const databases = [{ requiredScopes: [] }, { requiredScopes: ['a'] }, { requiredScopes: ['a', 'b'] }]
  expect(visibleDatabases(databases, [])).toHaveLength(1)
  expect(visibleDatabases(databases, ['a', 'c'])).toHaveLength(2)
  expect(visibleDatabases(databases, ['b', 'a'])).toHaveLength(3)
})

test.each([
  ['https://data.example.com/influxdb/', { host: 'data.example.com', port: 443, path: '/influxdb/' }],
  ['http://influx.local/', { host: 'influx.local', port: 80, path: '/' }],
  ['http://[2001:db8::1]:8086/a/b?x=1', { host: '2001:db8::1', port: 8086, path: '/a/b' }],
])('%s is taken apart for clients that want it so', (url, parts) => {
  expect(splitUrl(url)).toEqual(parts)
})
