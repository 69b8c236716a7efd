import { expect, test } from 'vitest'
import { chooseSample } from '../../local/choose-release.ts'
import { SKY } from '../../local/sample/sample.ts'
import { readArchive } from '../../shared/releases/archive.ts'
import { DEFAULT_LIMITS } from '../../shared/releases/limits.ts'
import { packRelease } from '../../shared/releases/publish/pack-release.ts'

test('files are packed so that a release of them is read back', async () => {
  const files = new Map([
    ['survey.yaml', 'name: survey\n'],
    ['deep/er/base.yaml', 'name: bäse\n'],
  ])
  const found = await readArchive(await packRelease(files), DEFAULT_LIMITS)
  expect(new Map([...found].sort())).toEqual(new Map([...files].sort()))
})

test('the same files are the same bytes, whatever their order', async () => {
  const one = await packRelease(
    new Map([
      ['a.yaml', '1'],
      ['b.yaml', '2'],
    ]),
  )
  const other = await packRelease(
    new Map([
      ['b.yaml', '2'],
      ['a.yaml', '1'],
    ]),
  )
  expect(one.equals(other)).toBe(true)
  const { content } = await chooseSample(SKY)
  if (typeof content !== 'function') throw new Error('the sample is built when it is asked for')
  const [first, second] = [await content(), await content()]
  expect(first.archive.equals(second.archive)).toBe(true)
})
