import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parseTutorialMenu } from '../../shared/discovery/tutorials.ts'
import { findNotebookTitle, findPageTitle, titleOfName } from '../../shared/discovery/tutorials-title.ts'
import { callAlmagest } from '../support/call-command.ts'

describe('the title of a page', () => {
  test.each([
    ['# First\n\n# Second\n', 'First'],
    ['text\n\n## Deeper first\n# Top\n', 'Deeper first'],
    ['Title\n=====\n', 'Title'],
    ['Title\n-----\n', 'Title'],
    ['   ###   Closed   ###  \n', 'Closed'],
    ['```\n# a comment\n```\n~~~ sh\n# another\n~~~\n# Real\n', 'Real'],
    ['````\n```\n# inside\n````\n# Outside\n', 'Outside'],
    ['<!-- # hidden\n# hidden -->\n# Shown\n', 'Shown'],
    ['---\ntitle: "From the front: matter"\n---\n# Heading\n', 'From the front: matter'],
    ['---\nauthor: x\n---\n# Heading\n', 'Heading'],
    ['# A **bold** `code` [link](http://x) ![icon](y) and *more* <br>\n', 'A bold code link icon and more'],
    ['# snake_case_name and 2 * 3 * 4\n', 'snake_case_name and 2 * 3 * 4'],
    ['# Escaped \\* and C#\n', 'Escaped * and C#'],
    ['<h1 align="center">In <b>HTML</b></h1>\n', 'In HTML'],
    ['\uFEFF# After a mark\r\n', 'After a mark'],
    ['#\n# Not empty\n', 'Not empty'],
  ])('in %j is %s', (text, title) => {
    expect(findPageTitle(text)).toBe(title)
  })

  test.each(['', 'text only\n', '#hashtag\n', '- item\n---\n', '    # code\n', '\n-----\n', '> quoted\n===\n'])(
    'is not in %j',
    (text) => {
      expect(findPageTitle(text)).toBeNull()
    },
  )
})

describe('the title of a notebook', () => {
  const notebook = (...cells: object[]) => JSON.stringify({ cells, nbformat: 4 })
  test.each([
    [notebook({ cell_type: 'markdown', source: ['intro\n', '\n', '# In a list\n'] }), 'In a list'],
    [
      notebook(
        { cell_type: 'code', source: '# comment' },
        { cell_type: 'raw', source: '# raw' },
        { cell_type: 'markdown', source: '# Text' },
      ),
      'Text',
    ],
    [notebook({ cell_type: 'markdown', source: 'none' }, { cell_type: 'markdown', source: '## Later' }), 'Later'],
    [JSON.stringify({ worksheets: [{ cells: [{ cell_type: 'heading', level: 1, source: 'Old' }] }] }), 'Old'],
    [notebook(), null],
    [notebook({ cell_type: 'markdown' }, { cell_type: 'markdown', source: [1, null] }), null],
  ])('in %j is %s', (text, title) => {
    expect(findNotebookTitle(text)).toBe(title)
  })

  test.each(['', '{', 'null', '[]', '1', '{}'])('is not looked for in %j', (text) => {
    expect(() => findNotebookTitle(text)).toThrow()
  })
})

test.each([
  ['01_first-steps.ipynb', '01 first-steps'],
  ['a__b.md', 'a b'],
  ['_.ipynb', '_.ipynb'],
])('a file without title is shown by its name: %s', (name, title) => {
  expect(titleOfName(name)).toBe(title)
})

describe('a menu that was written', () => {
  test.each([
    'null',
    '[]',
    '{}',
    '{"items":1}',
    '{"items":[null]}',
    '{"items":[{"type":"x","name":"","path":"","title":""}]}',
  ])('is not %s', (text) => {
    expect(() => parseTutorialMenu(text)).toThrow(TypeError)
  })

  test('may hold more than is known', () => {
    const file = { type: 'page', name: 'a.md', path: 'a.md', title: 'A' }
    expect(parseTutorialMenu(JSON.stringify({ version: 9, items: [{ ...file, icon: 'x' }] }))).toEqual({
      items: [file],
    })
  })
})

/** A checkout with the given files. */
async function checkout(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'almagest-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  return folder
}

const NOTEBOOK = '{"cells":[{"cell_type":"markdown","source":"# A notebook"}]}'

describe('almagest tutorials', () => {
  test('makes a menu of folders, notebooks and pages, in the order in which people number them', async () => {
    const folder = await checkout({
      'README.md': '# The repository\n',
      'DP1/README.md': '# Data Preview 1\n',
      'DP1/10_last.ipynb': NOTEBOOK,
      'DP1/2_first.ipynb': NOTEBOOK,
      'DP1/data/table.csv': '',
      'DP1/.ipynb_checkpoints/2_first.ipynb': NOTEBOOK,
      'about/notes.md': 'no heading\n',
      'node_modules/x/README.md': '# x\n',
      'broken.ipynb': '{',
    })
    await symlink(folder, join(folder, 'loop'))
    const output = join(folder, '..', `${folder.split('/').at(-1)}.json`)
    onTestFinished(() => rm(output))
    const { code, stdout, stderr } = await callAlmagest(['tutorials', folder, '--output', output])
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).toContain('warning: broken.ipynb is listed by its name')
    expect(stderr).toContain('4 notebooks and pages')
    const menu = JSON.parse(await readFile(output, 'utf8'))
    const file = (type: string, path: string, title: string) => ({ type, name: path.split('/').at(-1), path, title })
    expect(menu).toEqual({
      items: [
        { ...file('folder', 'about', 'about'), items: [file('page', 'about/notes.md', 'notes')] },
        file('notebook', 'broken.ipynb', 'broken'),
        {
          ...file('folder', 'DP1', 'Data Preview 1'),
          items: [
            file('notebook', 'DP1/2_first.ipynb', 'A notebook'),
            file('notebook', 'DP1/10_last.ipynb', 'A notebook'),
          ],
        },
      ],
    })
    expect(parseTutorialMenu(JSON.stringify(menu))).toEqual(menu)
  })

  test('prints the menu where no file is named, and says what is wrong with a folder', async () => {
    const folder = await checkout({ 'a.ipynb': NOTEBOOK })
    const printed = await callAlmagest(['tutorials', folder])
    expect(printed.json()).toEqual({
      items: [{ type: 'notebook', name: 'a.ipynb', path: 'a.ipynb', title: 'A notebook' }],
    })
    for (const missing of [join(folder, 'nowhere'), join(folder, 'a.ipynb')]) {
      const { code, stderr } = await callAlmagest(['tutorials', missing])
      expect([code, stderr]).toEqual([2, expect.stringContaining(missing)])
    }
    const unwritable = await callAlmagest(['tutorials', folder, '--output', join(folder, 'no', 'file')])
    expect([unwritable.code, unwritable.stderr]).toEqual([2, expect.stringContaining('cannot write')])
  })
})
