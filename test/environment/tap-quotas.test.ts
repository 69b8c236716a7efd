import { describe, expect, it } from 'vitest'
import { limitsOf } from '../../shared/environment/tap-quotas.ts'
import { tokenUser } from '../support/token-user.ts'
import { environmentOf } from './parse-text.ts'

const quotasOf = (yaml: string) => {
  const jobs = `jobs: {bucket: tap-results, topic: projects/demo/topics/queries, quotas: ${yaml}}`
  const text = `baseHostname: h
tap:
  servers:
    tap:
      databaseUrl: postgresql://tap@h/tap
      schemas: [survey]
      service:
        url: https://h/tap
        ${jobs}
`
  const quotas = environmentOf(text).servers.get('tap')?.service?.jobs?.quotas
  if (quotas === undefined) throw new Error('the environment has no quotas')
  return quotas
}

const QUOTAS = `{
          default: {underway: 5, storedBytes: 1000},
          groups: {astro: {underway: 20, sync: 3}, staff: {underway: 10, storedBytes: 9000}},
          users: {ann: {underway: 1}},
          anonymous: {sync: 2},
          tokenService: qserv}`

describe('the limits of a user', () => {
  it.each([
    ['of whom nothing is said, are the default', tokenUser('cat'), { underway: 5, storedBytes: 1000 }],
    [
      'of a group, are those of the group',
      tokenUser('cat', [], { groups: ['staff'] }),
      { underway: 10, storedBytes: 9000 },
    ],
    [
      'of several groups, are the most of them',
      tokenUser('cat', [], { groups: ['staff', 'astro', 'other'] }),
      { underway: 20, sync: 3, storedBytes: 9000 },
    ],
    [
      'who is named, are his own, whatever his groups',
      tokenUser('ann', [], { groups: ['astro'] }),
      { underway: 1, sync: 3 },
    ],
    [
      'whose token has a quota, are that',
      tokenUser('cat', [], { concurrent: new Map([['qserv', 7]]), groups: ['astro'] }),
      { underway: 7, sync: 7 },
    ],
    [
      'whose token has one of another service, are not that',
      tokenUser('cat', [], { concurrent: new Map([['x', 7]]) }),
      { underway: 5 },
    ],
    ['without a name, are those of all of them together', null, { sync: 2 }],
  ])('%s', (_what, user, limits) => {
    expect(limitsOf(quotasOf(QUOTAS), user)).toMatchObject(limits)
  })

  it('are none where the environment has none', () => {
    expect(limitsOf(quotasOf('{}'), tokenUser('cat'))).toEqual({})
    expect(limitsOf(quotasOf('{}'), null)).toEqual({})
    expect(limitsOf(quotasOf(QUOTAS), null)).toEqual({ sync: 2 })
  })
})
