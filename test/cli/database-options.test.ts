import { Command } from 'commander'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { addServerOptions, requireServer, type ServerAddress } from '../../cli/commands/server/options.ts'

const INSTANCE = 'example:us-central1:tap'
const URL_TEXT = 'postgresql://observer:gr33n-fl4sh@db/tap'

/** What a command makes of its arguments, with these variables and no others. */
function read(args: readonly string[], variables: Readonly<Record<string, string>> = {}): ServerAddress {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
  const command = addServerOptions(new Command('status').exitOverride().configureOutput({ outputError: () => {} }))
  command.parse([...args], { from: 'user' })
  return requireServer(command.opts())
}

beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('ALMAGEST_')) vi.stubEnv(name, undefined)
  return () => void vi.unstubAllEnvs()
})

const CLOUD_SQL = {
  kind: 'cloudsql',
  instance: INSTANCE,
  database: 'tap',
  ipType: 'PRIVATE',
  user: null,
  adminApiEndpoint: null,
}
const at = ['--instance', INSTANCE, '--database', 'tap']
const inEnvironment = { ALMAGEST_INSTANCE: INSTANCE, ALMAGEST_DATABASE: 'tap' }

describe('the database of a command', () => {
  test.each([
    ['a URL', ['--database', URL_TEXT], {}, { kind: 'url', url: URL_TEXT }],
    ['a URL in the environment', [], { ALMAGEST_DATABASE_URL: URL_TEXT }, { kind: 'url', url: URL_TEXT }],
    ['a name beside an instance', at, {}, CLOUD_SQL],
    [
      'an instance of an old project',
      ['--instance', 'example.org:p:r:i', '--database', 'd'],
      {},
      { instance: 'example.org:p:r:i' },
    ],
    ['a name with signs', ['--instance', INSTANCE, '--database', 'tap-2.int_x'], {}, { database: 'tap-2.int_x' }],
    [
      'an address and a user',
      [...at, '--ip-type', 'PSC', '--user', 'a@p.iam'],
      {},
      { ...CLOUD_SQL, ipType: 'PSC', user: 'a@p.iam' },
    ],
    ['an instance in the environment', [], inEnvironment, CLOUD_SQL],
    [
      'all of it in the environment',
      [],
      { ...inEnvironment, ALMAGEST_IP_TYPE: 'PUBLIC', ALMAGEST_USER: 'u' },
      { ...CLOUD_SQL, ipType: 'PUBLIC', user: 'u' },
    ],
    [
      'another database of the instance in the environment',
      ['--database', 'other'],
      inEnvironment,
      { ...CLOUD_SQL, database: 'other' },
    ],
    [
      'options before variables',
      [...at, '--ip-type', 'PSC', '--user', 'me'],
      { ALMAGEST_INSTANCE: 'a:b:c', ALMAGEST_DATABASE: 'd', ALMAGEST_IP_TYPE: 'PUBLIC', ALMAGEST_USER: 'u' },
      { ...CLOUD_SQL, ipType: 'PSC', user: 'me' },
    ],
    ['an instance before a URL in the environment', at, { ALMAGEST_DATABASE_URL: URL_TEXT }, CLOUD_SQL],
    [
      'a URL before an instance in the environment',
      ['--database', URL_TEXT],
      inEnvironment,
      { kind: 'url', url: URL_TEXT },
    ],
    [
      'a name, which needs an instance, before a URL in the environment',
      ['--database', 'x'],
      { ...inEnvironment, ALMAGEST_DATABASE_URL: URL_TEXT },
      { ...CLOUD_SQL, database: 'x' },
    ],
    ['empty variables as none', at, { ALMAGEST_DATABASE_URL: '', ALMAGEST_IP_TYPE: '', ALMAGEST_USER: '' }, CLOUD_SQL],
    [
      'a stand-in for the SQL Admin API',
      at,
      { ALMAGEST_ADMIN_API_ENDPOINT: 'http://127.0.0.1:1/' },
      { adminApiEndpoint: 'http://127.0.0.1:1/' },
    ],
    [
      'a function, whatever the environment says',
      ['--url', 'https://f.example', '--server', 'tap'],
      inEnvironment,
      { kind: 'function', server: 'tap' },
    ],
  ] as const)('may be %s', (_, args, variables, expected) => {
    expect(read(args, variables)).toMatchObject(expected)
  })

  test.each([
    ['none', [], {}, /--database.*ALMAGEST_DATABASE_URL.*ALMAGEST_INSTANCE/],
    ['a name without an instance', ['--database', 'tap'], {}, /no --instance.*postgresql:\/\/user@host/],
    [
      'a name beside a URL in the environment',
      ['--database', 'tap'],
      { ALMAGEST_DATABASE_URL: URL_TEXT },
      /no --instance/,
    ],
    ['an instance without a database', ['--instance', INSTANCE], {}, /--database NAME/],
    ['an instance in the environment without a database', [], { ALMAGEST_INSTANCE: INSTANCE }, /--database NAME/],
    ['an instance and a URL', ['--instance', INSTANCE, '--database', URL_TEXT], {}, /--instance.*--database is a URL/],
    ['a URL and a user', ['--database', URL_TEXT, '--user', 'me'], {}, /--user.*--database is a URL/],
    [
      'a URL in the environment and an IP type',
      ['--ip-type', 'PSC'],
      { ALMAGEST_DATABASE_URL: URL_TEXT },
      /--ip-type.*ALMAGEST_DATABASE_URL is a URL/,
    ],
    ['a user and no database', ['--user', 'me'], {}, /no database is named/],
    [
      'both in the environment',
      [],
      { ...inEnvironment, ALMAGEST_DATABASE_URL: URL_TEXT },
      /ALMAGEST_DATABASE_URL and ALMAGEST_INSTANCE are both set/,
    ],
    ['an instance by its short name', ['--instance', 'tap', '--database', 'tap'], {}, /project:region:name.*gcloud/],
    [
      'the path of an instance',
      ['--instance', 'projects/p/instances/i', '--database', 'tap'],
      {},
      /project:region:name/,
    ],
    [
      'the socket of an instance',
      ['--instance', `/cloudsql/${INSTANCE}`, '--database', 'tap'],
      {},
      /project:region:name/,
    ],
    ['an instance as the database', ['--database', INSTANCE], {}, /postgresql:\/\/user@host.*--instance/],
    ['parameters as the name', ['--instance', INSTANCE, '--database', 'dbname=tap'], {}, /be a name beside --instance/],
    ['an empty name', ['--instance', INSTANCE, '--database', ' '], {}, /be a name beside --instance/],
    [
      'a name that PostgreSQL would cut',
      ['--instance', INSTANCE, '--database', 'é'.repeat(32)],
      {},
      /be a name beside --instance/,
    ],
    [
      'a URL of something else',
      ['--instance', INSTANCE, '--database', 'mysql://db/tap'],
      {},
      /postgresql:\/\/user@host/,
    ],
    ['an IP type in small letters', [...at, '--ip-type', 'private'], {}, /PUBLIC, PRIVATE, PSC/],
    [
      'an IP type of the connector that is not for everybody',
      [...at, '--ip-type', 'SQL_DATA'],
      {},
      /PUBLIC, PRIVATE, PSC/,
    ],
    [
      'a member of IAM as the user',
      [...at, '--user', 'serviceAccount:x@p.iam.gserviceaccount.com'],
      {},
      /without serviceAccount: in front/,
    ],
    ['an empty user', [...at, '--user', ''], {}, /must not be empty/],
    [
      'a wrong instance in the environment',
      [],
      { ALMAGEST_INSTANCE: 'tap' },
      /ALMAGEST_INSTANCE cannot be used.*project:region:name/,
    ],
    ['a wrong IP type in the environment', at, { ALMAGEST_IP_TYPE: 'any' }, /ALMAGEST_IP_TYPE cannot be used/],
    [
      'a URL as the name in the environment',
      ['--instance', INSTANCE],
      { ALMAGEST_DATABASE: URL_TEXT },
      /ALMAGEST_DATABASE cannot be used/,
    ],
    [
      'a stand-in that is no address',
      at,
      { ALMAGEST_ADMIN_API_ENDPOINT: '127.0.0.1' },
      /ALMAGEST_ADMIN_API_ENDPOINT cannot be used.*http/,
    ],
    [
      'an instance and a function',
      ['--instance', INSTANCE, '--url', 'https://f.example', '--server', 'tap'],
      {},
      /leave out --instance/,
    ],
    [
      'a user and a function',
      ['--user', 'me', '--url', 'https://f.example', '--server', 'tap'],
      {},
      /leave out --user/,
    ],
    ['the server of a function beside an instance', [...at, '--server', 'tap'], {}, /--url/],
  ] as const)('cannot be %s', (_, args, variables, said) => {
    const attempt = () => read(args, variables)
    expect(attempt).toThrow(said)
    expect(attempt).not.toThrow(/gr33n-fl4sh/)
  })
})
