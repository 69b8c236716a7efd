import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createHipsLists } from '../../shared/discovery/hips-lists.ts'
import { complaintAboutProperties, describeTree } from '../../shared/discovery/hips-properties.ts'
import { DATA, HAS_DATA, NEEDS_DATA } from '../support/golden.ts'

const URL_LINE = 'hips_service_url         = https://d.example/t'

describe('the record of a tree', () => {
  test.each([
    ['before hips_status', 'a = 1\nhips_status = x\nb = 2\n', ['a = 1', URL_LINE, 'hips_status = x', 'b = 2']],
    ['at the end where there is no hips_status', 'a = 1\nb = 2', ['a = 1', 'b = 2', URL_LINE]],
    [
      'in the place of the old one',
      'hips_service_url = http://old\na = 1\nhips_status=x\n',
      [URL_LINE, 'a = 1', 'hips_status=x'],
    ],
    ['once, where there were two', 'hips_service_url=1\nhips_service_url = 2\n', [URL_LINE]],
    [
      'once, where hips_status is there twice',
      'hips_status=x\nhips_status=y\n',
      [URL_LINE, 'hips_status=x', 'hips_status=y'],
    ],
    [
      'not before a key that only begins like it',
      'hips_status_note = n\nhips_status = x\n',
      ['hips_status_note = n', URL_LINE, 'hips_status = x'],
    ],
  ])('gets its address %s', (_where, properties, lines) => {
    expect(describeTree(properties, 'https://d.example/t')).toBe(`${lines.join('\n')}\n`)
  })

  test('ends with one line break and has no blank line in it, whatever the file had', () => {
    const record = describeTree('\uFEFFa = 1\r\n\r\nhips_status = x  \r\n\r\n', 'https://d.example/t')
    expect(record).toBe(`a = 1\n${URL_LINE}\nhips_status = x\n`)
  })

  test('may hold comments, indented too', () => {
    expect(complaintAboutProperties('# one\n  # two\n a = 1\n')).toBeNull()
  })

  test.each([
    ['<html><body>Log in</body></html>', 'has a line that is not'],
    ['', 'is empty'],
    ['# only a comment\n', 'is empty'],
    ['a = 1\0', 'is not text'],
  ])('is not made of %j', (text, reason) => {
    expect(complaintAboutProperties(text)).toContain(reason)
  })
})

describe.skipIf(!HAS_DATA)(`the lists that Repertoire makes${NEEDS_DATA}`, () => {
  const read = (name: string) => readFileSync(join(DATA, 'golden/discovery/hips', name), 'utf8')

  test.each([
    ['dp1', ['deep_coadd/color_ugri', 'deep_coadd/color_gri']],
    ['dp02', ['deep_coadd/color_ugri']],
  ])('are made for %s, byte for byte', async (dataset, paths) => {
    const template = read('properties.tmpl')
    const base = `https://data.example.com/api/hips/v2/${dataset}/`
    const lists = createHipsLists({
      fetchText: async (url) => template.replaceAll('{{path}}', url.slice(base.length).replace(/\/properties$/, '')),
      lifetimeMs: 1000,
      retryMs: 1000,
      onChange: () => {},
    })
    const { text, missing } = await lists.list(paths.map((path) => ({ url: base + path })))
    expect(text).toBe(read(`hips-${dataset}-list`))
    expect(missing).toEqual([])
  })
})

/** Upstream trees that the test answers for, and a clock that it turns. */
function startLists() {
  const state = { now: 0, answers: new Map<string, string | Error>(), asked: [] as string[], changes: [] as string[] }
  const lists = createHipsLists({
    async fetchText(url) {
      state.asked.push(url)
      await settle()
      const answer = state.answers.get(url) ?? new Error('404')
      if (answer instanceof Error) throw answer
      return answer
    },
    lifetimeMs: 100,
    retryMs: 10,
    onChange: (url, error, kept) => state.changes.push(`${url} ${error === undefined ? 'back' : 'failed'} ${kept}`),
    now: () => state.now,
  })
  return { state, lists, list: (...names: string[]) => lists.list(names.map((url) => ({ url }))) }
}

const settle = () => new Promise((done) => setImmediate(done))

describe('a list', () => {
  test('leaves a bad tree out, says so once, and asks again only after a while', async () => {
    const { state, list, lists } = startLists()
    state.answers.set('a/properties', 'x = a\n')
    const first = await list('a', 'b')
    expect(first.text).toContain('x = a')
    expect(first.missing).toEqual(['b'])
    await list('a', 'b')
    expect(state.asked).toEqual(['a/properties', 'b/properties'])
    expect(state.changes).toEqual(['b failed false'])
    expect(lists.failing()).toEqual(['b'])
    state.now = 10
    state.answers.set('b/properties', 'x = b\n')
    expect((await list('a', 'b')).text).toBe(
      'x = a\nhips_service_url         = a\n\nx = b\nhips_service_url         = b\n',
    )
    expect(state.changes).toEqual(['b failed false', 'b back true'])
  })

  test('serves what it has while it fetches anew, and keeps it when that fails', async () => {
    const { state, list } = startLists()
    state.answers.set('a/properties', 'x = 1\n')
    await list('a')
    state.now = 100
    state.answers.set('a/properties', 'x = 2\n')
    expect((await list('a')).text).toContain('x = 1')
    await expect.poll(async () => (await list('a')).text).toContain('x = 2')
    state.now = 200
    state.answers.set('a/properties', new Error('down'))
    await list('a')
    await expect.poll(() => state.changes).toEqual(['a failed true'])
    expect(await list('a')).toMatchObject({ text: expect.stringContaining('x = 2'), missing: [] })
    expect(state.asked).toHaveLength(3)
  })

  test('asks all trees at once, and each only once for many callers', async () => {
    const waiting: (() => void)[] = []
    const asked: string[] = []
    const lists = createHipsLists({
      fetchText: (url) => {
        asked.push(url)
        return new Promise((done) => waiting.push(() => done('x = 1\n')))
      },
      lifetimeMs: 100,
      retryMs: 10,
      onChange: () => {},
    })
    const answers = Promise.all([1, 2, 3].map(() => lists.list([{ url: 'a' }, { url: 'b' }])))
    expect(asked).toEqual(['a/properties', 'b/properties'])
    for (const answer of waiting) answer()
    expect(new Set((await answers).map(({ text }) => text)).size).toBe(1)
  })
})
