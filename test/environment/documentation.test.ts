import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DOCUMENTS, fillKeyTables, missingTables } from '../../deploy/docs/key-tables.ts'
import { FOREIGN_KEYS } from '../../shared/environment/environment.ts'
import { parseEnvironment } from '../../shared/environment/parse.ts'

const read = (name: string) => readFileSync(join(import.meta.dirname, '../..', name), 'utf8')
const text = read('docs/configuration.md')
const texts = DOCUMENTS.map(read)

describe('the tables of keys', () => {
  it.each(DOCUMENTS)('of %s are as the code has them: `npm run docs` writes them', (name) => {
    expect(read(name)).toBe(fillKeyTables(read(name), texts))
  })

  it('are of all keys', () => {
    expect(missingTables(texts)).toEqual([])
  })

  it('are written anew from nothing but their comments', () => {
    const bare = texts.map((found) => found.replace(/(<!-- keys.*-->\n)(?:\|.+\n)*/g, '$1'))
    expect(bare).not.toEqual(texts)
    expect(bare.map((found) => fillKeyTables(found, bare))).toEqual(texts)
  })

  it('have defaults, types and what is required', () => {
    const lines = text.split('\n')
    expect(lines).toContainEqual(expect.stringMatching(/^\| `tap\.servers\.NAME\.swap` \| `never`, .* \| `never` \|/))
    expect(lines).toContainEqual(expect.stringMatching(/^\| `results\.rules\.NAME\.minimumAge` \| text \| `1d` \|/))
    expect(lines).toContainEqual(expect.stringMatching(/^\| `results\.rules\.NAME\.pattern` \| text \| required \|/))
    expect(lines).toContainEqual(
      expect.stringMatching(/^\| `identity\.audience` \| text or list of texts \| `\[\]` \|/),
    )
  })
})

describe('docs/configuration.md', () => {
  it.each(Object.keys(FOREIGN_KEYS))("names Repertoire's key %s", (key) => {
    expect(text).toContain(`\`${key}\``)
  })

  it('has an example that can be used', () => {
    const [, example = ''] = /```yaml\n(.*?)```/s.exec(text) ?? []
    const { environment, problems } = parseEnvironment('example.yaml', example)
    expect(problems).toEqual([])
    expect([...(environment?.servers.keys() ?? [])]).toEqual(['tap', 'ssotap'])
    expect(environment?.releases?.bucket).toBe('example-sdm-schemas')
  })

  it('shows problems as they are reported', () => {
    const yaml = 'tap:\n  servers:\n    tap:\n      shemas: [a]\n      swap: sometimes\n'
    const { problems } = parseEnvironment('environment.yaml', yaml)
    for (const problem of problems) {
      if (problem.path.endsWith('shemas') || problem.path.endsWith('swap')) expect(text).toContain(problem.message)
    }
    expect(problems.map((problem) => problem.code)).toEqual(
      expect.arrayContaining(['unknown_key', 'invalid_value', 'missing_key']),
    )
  })
})
