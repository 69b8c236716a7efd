import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchesGlob } from '../../shared/releases/follow.ts'
import {
  complaintAboutTemplate,
  complaintAboutVersion,
  objectOf,
  serversFor,
  versionOf,
} from '../../shared/releases/naming.ts'
import { ReleaseNameError } from '../../shared/releases/release-failures.ts'
import { runs } from '../support/effort.ts'

const naming = { bucket: 'releases', template: '{version}/schemas.tar.gz' }

describe('the name of a release', () => {
  it.each(['main', 'releases/w.2026.34', 'tickets/DM-54475', 'v30.0.11.rc1', 'ünïcode', 'a b', 'x'.repeat(512)])(
    'may be %s, and leads to its object and back',
    (version) => {
      expect(complaintAboutVersion(version)).toBeNull()
      const object = objectOf(naming, version)
      expect(object).toBe(`${version}/schemas.tar.gz`)
      expect(versionOf(naming, 'releases', object)).toBe(version)
    },
  )

  it.each([
    '',
    '/w.2026.34',
    'releases/',
    '..',
    '../secret',
    'a/../b',
    'a..b',
    'a//b',
    './a',
    'a/.',
    'a\nb',
    'a\0',
    'a\u0085b',
    '\ud800',
    'x'.repeat(513),
  ])('must not be %j', (version) => {
    expect(complaintAboutVersion(version)).not.toBeNull()
    expect(() => objectOf(naming, version)).toThrow(ReleaseNameError)
    expect(versionOf(naming, 'releases', `${version}/schemas.tar.gz`)).toBeNull()
  })

  it('must leave room for the rest of the object name, in UTF-8', () => {
    expect(() => objectOf(naming, 'µ'.repeat(504))).not.toThrow()
    expect(() => objectOf(naming, 'µ'.repeat(505))).toThrow(/1024/)
  })

  it('is found back from its object whatever the version and the template', () => {
    const segment = fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/)
    const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'))
    const affix = fc.stringMatching(/^[a-z/]{0,6}$/)
    fc.assert(
      fc.property(path, affix, affix, (version, before, after) => {
        const template = `${before}{version}${after}`
        fc.pre(complaintAboutTemplate(template) === null)
        const anyNaming = { bucket: 'b', template }
        expect(versionOf(anyNaming, 'b', objectOf(anyNaming, version))).toBe(version)
      }),
    )
  })
})

describe('an object', () => {
  it.each([
    ['another bucket', 'results', 'w.2026.34/schemas.tar.gz'],
    ['another file of the release', 'releases', 'w.2026.34/datalink-snippets.zip'],
    ['no version', 'releases', '/schemas.tar.gz'],
    ['only the end of the name', 'releases', 'schemas.tar.gz'],
    ['a longer name', 'releases', 'w.2026.34/schemas.tar.gz.bak'],
  ])('with %s is no release', (_, bucket, object) => {
    expect(versionOf(naming, bucket, object)).toBeNull()
  })

  it('shorter than prefix and suffix together is no release', () => {
    expect(versionOf({ bucket: 'b', template: 'aba{version}aba' }, 'b', 'aba')).toBeNull()
    expect(versionOf({ bucket: 'b', template: 'aba{version}aba' }, 'b', 'ababa')).toBeNull()
  })

  it('lies where the template says', () => {
    const flat = { bucket: 'sdm-schemas-releases', template: 'archive/{version}.tar.gz' }
    expect(objectOf(flat, 'w.2025.43')).toBe('archive/w.2025.43.tar.gz')
    expect(versionOf(flat, 'sdm-schemas-releases', 'archive/w.2025.43.tar.gz')).toBe('w.2025.43')
    expect(objectOf(flat, '$&')).toBe('archive/$&.tar.gz')
  })
})

describe('a template', () => {
  it.each(['{version}', '{version}/schemas.tar.gz', 'a/{version}.tar.gz', 'v..{version}'])('may be %s', (template) => {
    expect(complaintAboutTemplate(template)).toBeNull()
  })

  it.each([
    '',
    'schemas.tar.gz',
    '{version}/{version}',
    '/{version}',
    '{version}/',
    '../{version}',
    '{version}/{name}',
    'a//{version}',
    'a\n{version}',
  ])('must not be %j', (template) => {
    expect(complaintAboutTemplate(template)).not.toBeNull()
  })
})

describe('the servers that take a release', () => {
  const servers = [
    { name: 'exact', schemaVersion: 'releases/w.2026.34', follow: [] },
    { name: 'follower', schemaVersion: 'releases/v1', follow: ['releases/*', 'main'] },
    { name: 'everything', schemaVersion: null, follow: ['**'] },
    { name: 'nothing', schemaVersion: null, follow: [] },
  ]

  it.each([
    ['releases/w.2026.34', ['exact', 'follower', 'everything']],
    ['releases/v1', ['follower', 'everything']],
    ['releases/a/b', ['everything']],
    ['main', ['follower', 'everything']],
    ['mainline', ['everything']],
  ])('%s: by their version or a pattern, each once, in their order', (version, names) => {
    expect(serversFor(version, servers)).toEqual(names)
  })

  it.each([
    ['w.2026.*', 'w.2026.34', true],
    ['w.2026.*', 'w-2026-34', false],
    ['*', 'main', true],
    ['*', 'a/b', false],
    ['**', 'a/b/c', true],
    ['tickets/**', 'tickets/DM-1/x', true],
    ['tickets/**', 'tickets', false],
    ['**/w.*', 'releases/weekly/w.1', true],
    ['**/w.*', 'releases/w.1/x', false],
    ['*/*', 'a/b', true],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-b-b-', false],
    ['releases/*', 'releases/', true],
    ['[a-z]?.+', '[a-z]?.+', true],
    ['[a-z]', 'b', false],
    ['?', 'x', false],
    ['', '', true],
    ['\u{1F52D}*', '\u{1F52D}1', true],
  ])('pattern %s, version %s: %s', (glob, version, matches) => {
    expect(matchesGlob(glob, version)).toBe(matches)
  })

  it('are found by patterns as by the regular expressions they mean', () => {
    const character = fc.constantFrom('a', 'b', '/', '.', '*')
    fc.assert(
      fc.property(
        fc.array(character, { maxLength: 8 }),
        fc.array(fc.constantFrom('a', 'b', '/', '.'), { maxLength: 8 }),
        (globCharacters, versionCharacters) => {
          const glob = globCharacters.join('')
          const version = versionCharacters.join('')
          const meaning = glob.replace(/\*{2,}|\*|\./g, (token) =>
            token === '.' ? '\\.' : token === '*' ? '[^/]*' : '.*',
          )
          expect(matchesGlob(glob, version)).toBe(new RegExp(`^${meaning}$`).test(version))
        },
      ),
      { numRuns: runs(120) },
    )
  })

  it('are found at once even by a pattern that makes backtracking explode', () => {
    expect(matchesGlob(`${'*a'.repeat(100)}b`, 'a'.repeat(512))).toBe(false)
  })
})
