import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { callAlmagest } from '../support/call-command.ts'
import { HAS_DATA, NEEDS_DATA, readReleaseFiles } from '../support/golden.ts'
import { sampleSchema } from '../support/sample-release.ts'
import { writeFolder } from './release-folder.ts'

const NASTY = `
name: <b>bold</b>
description: "</script><script>alert(1)</script> \\u202e &amp;"
tables:
- name: "Odd 'Name' é"
  primaryKey: "#t.id"
  columns:
  - {name: id, "@id": "#t.id", datatype: long, description: "1 < 2"}
  - {name: "ra%20x", "@id": "#t.ra", datatype: double, "ivoa:unit": deg, "ivoa:ucd": pos.eq.ra, description: right ascension}
  constraints:
  - {name: own, "@type": ForeignKey, columns: ["#t.id"], referencedColumns: ["#t.id"]}
`

async function pagesOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(folder, { recursive: true })
  const files = names.filter((name) => /\.\w+$/.test(name))
  return new Map(
    await Promise.all(files.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const)),
  )
}

/** Every address of the pages: where it leads, from the page that has it. */
function linksOf(page: string, text: string): readonly string[] {
  const links = [...text.matchAll(/ (?:href|src)="([^"]*)"/g)].map(([, link = '']) => link)
  return links.map((link) => {
    const { host, pathname, hash } = new URL(link, `https://own/${page}`)
    expect(host).toBe('own')
    return `${decodeURI(pathname.slice(1))}${hash}`
  })
}

function expectWhole(pages: ReadonlyMap<string, string>): void {
  const ids = new Map(
    [...pages].map(([name, text]) => [name, [...text.matchAll(/ id="([^"]*)"/g)].map(([, id]) => `#${id}`)]),
  )
  for (const [name, text] of pages) {
    if (/\.css$|search\.js$/.test(name)) expect([name, text.match(/https?:|@import|url\(/g)]).toEqual([name, null])
    for (const link of name.endsWith('.html') ? linksOf(name, text) : []) {
      const [path = '', fragment] = link.split('#')
      expect(pages.has(path), `${name}: ${link}`).toBe(true)
      if (fragment !== undefined) expect(ids.get(path)).toContain(`#${fragment}`)
    }
  }
  for (const [link] of indexOf(pages)) {
    const [path = '', fragment] = link!.split('#')
    expect(ids.get(decodeURI(path))).toContain(`#${fragment}`)
  }
}

function indexOf(pages: ReadonlyMap<string, string>): readonly string[][] {
  const window: { ALMAGEST_INDEX?: string[][] } = {}
  runInNewContext(pages.get('index.js')!, { window })
  return JSON.parse(JSON.stringify(window.ALMAGEST_INDEX))
}

/** What the search shows for some words, in as much of a browser as it needs. */
function search(pages: ReadonlyMap<string, string>, words: string): { rows: string[][]; count: string } {
  const rows: string[][] = []
  const input = { value: words, dataset: { root: '' }, addEventListener() {} }
  const count = { textContent: '' }
  const insertRow = () => {
    const cells: string[] = []
    rows.push(cells)
    const cell = {
      appendChild: (link: { textContent: string }) => cells.push(link.textContent),
      set textContent(text: string) {
        cells.push(text)
      },
    }
    return { insertCell: () => cell }
  }
  const document = {
    querySelector: () => input,
    getElementById: (id: string) => (id === 'count' ? count : { insertRow, textContent: '' }),
    createElement: () => ({}),
  }
  const window = { ALMAGEST_INDEX: indexOf(pages) }
  runInNewContext(pages.get('search.js')!, { window, document, location: { search: '' }, URLSearchParams })
  return { rows, count: count.textContent }
}

test('pages hold what the schemas say, as text, and lead to each other only', async () => {
  const folder = await writeFolder({ 'yml/a.yaml': NASTY, 'yml/index.yaml': sampleSchema('survey') })
  const target = join(folder, 'out')
  const made = await callAlmagest(['browse', join(folder, 'yml'), '--output', target, '--title', '<i>'])
  expect(made).toMatchObject({
    code: 0,
    stderr: '',
    stdout: expect.stringMatching(/index\.html: 3 pages, 2 tables, 5 columns\n$/),
  })
  const pages = await pagesOf(target)
  expect([...pages.keys()].sort()).toEqual(
    ['browse.css', 'index.html', 'index.js', 'schemas/a.html', 'schemas/index.html', 'search.js'].sort(),
  )
  expectWhole(pages)
  const page = pages.get('schemas/a.html')!
  expect(page).not.toMatch(/<b>bold|<script>alert|\u202e/)
  expect(page).toContain('&lt;/script&gt;&lt;script&gt;alert(1)')
  expect(page).toContain('<td class="name">deg</td><td class="name">pos.eq.ra</td><td>right ascension</td>')
  expect(page).toContain('primary key')
  expect(search(pages, 'ASCENSION deg').rows).toEqual([
    ["<b>bold</b>.Odd 'Name' é.ra%20x", 'deg', 'pos.eq.ra', 'right ascension'],
  ])
  expect(search(pages, 'nothing').count).toBe('0 found')
  expect(search(pages, '').rows).toEqual([])
})

test('what is different from another release has a page', async () => {
  const folder = await writeFolder({
    'old/s.yaml': sampleSchema('s'),
    'new/s.yaml': sampleSchema('s').replace('name: dec', 'name: decl'),
  })
  const target = join(folder, 'out')
  await callAlmagest(['browse', join(folder, 'new'), '--against', join(folder, 'old'), '--output', target])
  const pages = await pagesOf(target)
  expectWhole(pages)
  expect(pages.get('changes.html')).toMatch(
    /breaking<\/span><\/td><td>column removed<\/td><td class="name">s\.object\.dec</,
  )
  expect(pages.get('schemas/s.html')).toContain('href="../changes.html"')
})

test('schemas can be chosen; a name that is not there is wrong usage, as is a folder that cannot be written', async () => {
  const folder = await writeFolder({ 'a.yaml': sampleSchema('a'), 'b.yaml': sampleSchema('b') })
  const chosen = await callAlmagest(['browse', folder, '--schemas', 'b', '--json', '--output', join(folder, 'out')])
  expect(chosen.json()).toMatchObject({ pages: 2, tables: 1 })
  const wrong = await callAlmagest(['browse', folder, '--schemas', 'c', '--output', join(folder, 'out')])
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('there are a, b') })
  const file = await callAlmagest(['browse', folder, '--output', join(folder, 'a.yaml')])
  expect(file).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot write') })
})

test.skipIf(!HAS_DATA)(`a real release has its pages${NEEDS_DATA}`, async () => {
  const files = await readReleaseFiles('w.2026.34')
  const folder = await writeFolder(Object.fromEntries([...files].map(([name, text]) => [`yml/${name}`, text])))
  const target = join(folder, 'out')
  await callAlmagest(['browse', join(folder, 'yml'), '--schemas', 'dp1,ivoa_obscore', '--output', target])
  const pages = await pagesOf(target)
  expectWhole(pages)
  expect(search(pages, 'pos.eq.ra dp1.Object.coord_ra').rows).not.toEqual([])
})
