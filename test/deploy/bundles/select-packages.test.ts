import { expect, test } from 'vitest'
import { type LockedPackage, selectPackages } from '../../../deploy/bundles/select-packages.ts'

const ITSELF: LockedPackage = { name: 'function', version: '1.0.0', dependencies: { a: '1.0.0' } }

function select(packages: Readonly<Record<string, LockedPackage>>): string[] {
  const lockfile = { name: 'ours', version: '1.0.0', lockfileVersion: 3, requires: true, packages } as const
  return Object.keys(selectPackages(lockfile, ITSELF))
}

test('what is needed directly and indirectly is selected, where it was, and nothing else', () => {
  const places = select({
    '': { version: '1.0.0' },
    'node_modules/a': { version: '1.0.0', dependencies: { '@scope/b': '^1.0.0', c: '^2.0.0' } },
    'node_modules/a/node_modules/c': { version: '2.0.0' },
    'node_modules/@scope/b': { version: '1.0.0', dependencies: { c: '^1.0.0', d: '*' } },
    'node_modules/@scope/b/node_modules/d': { version: '1.0.0', dependencies: { a: '*', c: '*' } },
    'node_modules/c': { version: '1.0.0' },
    'node_modules/d': { version: '7.0.0' },
    'node_modules/other': { version: '1.0.0' },
  })
  expect(places).toEqual([
    '',
    'node_modules/@scope/b',
    'node_modules/@scope/b/node_modules/d',
    'node_modules/a',
    'node_modules/a/node_modules/c',
    'node_modules/c',
  ])
})

test('optional packages and peers are selected where they are there', () => {
  const places = select({
    'node_modules/a': {
      version: '1.0.0',
      optionalDependencies: { here: '*', missing: '*' },
      peerDependencies: { peer: '*', absent: '*' },
    },
    'node_modules/here': { version: '1.0.0' },
    'node_modules/peer': { version: '1.0.0' },
  })
  expect(places).toEqual(['', 'node_modules/a', 'node_modules/here', 'node_modules/peer'])
})

test('what ours needs for development only is no such thing for a function', () => {
  const packages = { 'node_modules/a': { version: '1.0.0', dev: true, peer: true } }
  const lockfile = { name: 'ours', version: '1.0.0', lockfileVersion: 3, requires: true, packages } as const
  expect(selectPackages(lockfile, ITSELF)).toEqual({ '': ITSELF, 'node_modules/a': { version: '1.0.0' } })
})

test('a package that is needed and not locked is an error', () => {
  expect(() => select({ 'node_modules/a': { version: '1.0.0', dependencies: { b: '*' } } })).toThrow(
    'b, needed by node_modules/a, is not in package-lock.json',
  )
})
