import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { chooseRelease, type ReleaseWish } from '../../local/choose-release.ts'
import { NO_MEMORY, readMemory, remember, writeMemory } from '../../local/memory.ts'
import { readArchive } from '../../shared/releases/archive.ts'
import { DEFAULT_LIMITS } from '../../shared/releases/limits.ts'
import { writeFolder } from '../cli/release-folder.ts'
import { buildRelease } from '../releases/build-archive.ts'
import { sampleSchema } from '../support/sample-release.ts'

const A = sampleSchema('a')
const B = sampleSchema('b')

test.for([
  ['a folder', 'w.2026.34', 'releases/w.2026.34'],
  ['an archive in a folder', 'w.2026.34/schemas.tar.gz', 'releases/w.2026.34'],
  ['an archive of its own name', 'v1.2.tar.gz', 'releases/v1.2'],
])('%s gives the release its name', async ([, path, version]) => {
  const root = await writeFolder({})
  const archive = path!.endsWith('.tar.gz')
  await mkdir(join(root, archive ? join(path!, '..') : path!), { recursive: true })
  const content = archive ? await buildRelease({ 'a.yaml': A }) : A
  await writeFile(join(root, archive ? path! : `${path}/a.yaml`), content)
  expect(await chooseRelease({ path: join(root, path!) }, null)).toMatchObject({ version, schemas: ['a'] })
})

test('a folder of YAML becomes an archive, an archive stays byte by byte what it was', async () => {
  const folder = await writeFolder({ 'a.yaml': A, 'base/b.yaml': B })
  const packed = await chooseRelease({ path: folder, schemas: ['a'] }, null)
  expect([...(await readArchive(packed.content as Buffer, DEFAULT_LIMITS))].sort()).toEqual([
    ['a.yaml', A],
    ['base/b.yaml', B],
  ])
  const archive = await buildRelease({ 'a.yaml': A })
  const holder = await writeFolder({ 'schemas.tar.gz': archive })
  expect((await chooseRelease({ path: holder }, null)).content).toEqual(archive)
})

test('one schema is a release, with what it takes its columns from', async () => {
  const text = (name: string, from: string) =>
    `name: ${name}\nresources: {r: {uri: ${from}.yaml}}\ntables:\n- name: t\n  columnRefs: {r: {t: {c: null}}}\n`
  const folder = await writeFolder({
    'dp1.yaml': text('dp1', 'base'),
    'base.yaml': text('base', 'root'),
    'root.yaml': 'name: root\ntables:\n- {name: t, columns: [{name: c, datatype: int}]}\n',
    'other.yaml': 'name: [',
  })
  const chosen = await chooseRelease({ path: join(folder, 'dp1.yaml') }, null)
  expect(chosen).toMatchObject({ version: 'releases/dp1', schemas: ['dp1'] })
  expect([...(await readArchive(chosen.content as Buffer, DEFAULT_LIMITS)).keys()].sort()).toEqual([
    'base.yaml',
    'dp1.yaml',
    'root.yaml',
  ])
  await expect(chooseRelease({ path: join(folder, 'nowhere.yaml') }, null)).rejects.toMatchObject({ code: 'usage' })
})

test('schemas that were not named are those of the last time, if the release still has them', async () => {
  const path = await writeFolder({ 'a.yaml': A, 'b.yaml': B })
  const wish: ReleaseWish = { path, version: 'main' }
  const choose = (schemas: readonly string[]) => chooseRelease(wish, remember(null, 'main', schemas))
  expect(await choose(['b', 'a'])).toMatchObject({ version: 'main', schemas: ['b', 'a'] })
  await expect(choose(['b', 'gone'])).rejects.toThrow('the release has a, b')
})

test('without a wish the last release is chosen, and the sample before there was one', async () => {
  expect(await chooseRelease({}, NO_MEMORY)).toMatchObject({ version: 'releases/sky-1', isDefault: true })
  const memory = remember(null, 'releases/own', ['a'])
  expect(await chooseRelease({}, memory)).toEqual({
    version: 'releases/own',
    schemas: ['a'],
    content: null,
    files: null,
    isDefault: true,
  })
})

test('the memory of a folder survives, and a damaged one counts as empty', async () => {
  const folder = await writeFolder({})
  expect(await readMemory(folder)).toBeNull()
  const memory = remember(remember(null, 'main', ['a']), '__proto__', ['b'])
  await writeMemory(folder, memory)
  expect(await readMemory(folder)).toEqual(memory)
  for (const damaged of ['', '{"chosen":', 'null', '[]', '{"chosen":"main"}', '{"chosen":"x","schemas":{"x":[1]}}']) {
    await writeFile(join(folder, 'releases.json'), damaged)
    expect(await readMemory(folder)).toEqual(NO_MEMORY)
  }
})
