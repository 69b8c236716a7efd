import { describe, expect, it } from 'vitest'
import { complaintAboutNamePattern } from '../../../shared/environment/result-texts.ts'
import { createMatchRule } from '../../../shared/results/classify/match-rule.ts'
import { rule } from '../config.ts'

const matchOne = (pattern: string) => createMatchRule([rule('one', pattern, '1d')])

describe('the pattern of a rule', () => {
  it('fits whole names even when it is a choice', async () => {
    const match = await matchOne('^a|b$')
    expect(['a', 'b', 'ab', 'xb', 'ax'].filter((name) => match(name) !== null)).toEqual(['a', 'b'])
  })

  it('finds the job in names that hold one', async () => {
    const match = await matchOne('^result_(?<job>[a-z0-9]*)\\.xml|(?:lost)$')
    const names = ['result_a1.xml', 'result_.xml', 'lost', 'result_a1.xmlx', 'xresult_a1.xml']
    expect(names.map((name) => match(name)?.job)).toEqual(['a1', null, null, undefined, undefined])
  })

  it.each([
    ['^(?<job>.*)_(.*)_(.*)_(.*)_(.*)x$', '_'.repeat(1024)],
    ['^(?<job>([a-z0-9]+)*)\\.xml$', 'a'.repeat(1024)],
    ['^(?<job>(a|a)*)b$', 'a'.repeat(1024)],
    ['^(?<job>(.*)*)(.*)*b$', 'a'.repeat(1024)],
  ])('%s takes no longer for names that would make it backtrack', async (pattern, name) => {
    // Backtracking would take longer than anybody waits for a test.
    expect(complaintAboutNamePattern(pattern)).toBeNull()
    expect((await matchOne(pattern))(name)).toBeNull()
  })

  it.each([
    ['result_.*', /begin with \^ and end with \$/],
    ['^result_.*', /begin with/],
    ['result$', /begin with/],
    ['^x\\$', /begin with/],
    ['^(x$', /not a valid regular expression: Unterminated group/],
    ['^(?<owner>x)$', /group "owner"/],
    ['^x(?=q)(?<job>\\w+)$', /look-around/],
    ['^x(?!q)(?<job>\\w+)$', /look-around/],
    ['^(?<!x)(?<job>\\w+)$', /look-around/],
    ['^(?<job>a)\\k<job>$', /back reference/],
    ['^(a)\\1$', /back reference/],
    ['^\\u0041$', /escape/],
    ['^\\cA$', /escape/],
    ['^\\p{Script=Greek}$', /property of Unicode/],
    ['^\\P{Letter}$', /property of Unicode/],
    ['^a{1001}$', /repeat count over 1000/],
    ['^a{2,20000}$', /repeat count over 1000/],
    ['^a{5000,}$', /repeat count over 1000/],
    ['^(?P<job>a)$', /not a valid regular expression/],
    ['^\\Qa.b\\E$', /not a valid regular expression/],
  ])('%s is refused', (pattern, complaint) => {
    expect(complaintAboutNamePattern(pattern)).toMatch(complaint)
  })

  it.each([
    ['^a\\\\1$', 'a\\1'],
    ['^\\p{Lu}\\P{L}$', 'A1'],
    ['^\\x41\\0?[\\w\\-.]$', 'A-'],
    ['^a{1000}$', 'a'.repeat(1000)],
    ['^a{0,999}$', 'a'],
    ['^[^/]+/(?i:b)\\d{2}\\.\\/$', 'ä/B07./'],
    ['^.$', '😀'],
  ])('%s means to RE2 what it means to JavaScript', async (pattern, name) => {
    expect(new RegExp(pattern, 'u').test(name)).toBe(true)
    expect(complaintAboutNamePattern(pattern) ?? (await matchOne(pattern))(name)).not.toBeNull()
  })

  it('that RE2 refuses all the same names its rule', async () => {
    await expect(matchOne('^(a{1000}){1000}$')).rejects.toMatchObject({
      code: 'invalid_pattern',
      permanent: true,
      message: expect.stringMatching(/^results\.rules\.one\.pattern .*repeat count/),
    })
  })
})
