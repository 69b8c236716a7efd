import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { callAlmagest } from '../support/call-command.ts'
import { runAlmagest, startAlmagest } from '../support/run-command.ts'

const COMMANDS = [
  'validate',
  'dump',
  'diff-schemas',
  'json-schema',
  'rows',
  'init',
  'stage',
  'status',
  'diff',
  'swap',
  'rollback',
  'start',
]
const SECRET = 'gr33n-fl4sh'
const DATABASE = `postgresql://observer:${SECRET}@127.0.0.1:1/tap`

interface ErrorDocument {
  readonly error: { readonly code: string; readonly message: string; readonly problems: readonly unknown[] }
}

describe('help', () => {
  test('the top-level help names every command and ends with 0', async () => {
    const { code, stdout, stderr } = await callAlmagest(['--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const name of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'))
  })

  test.each(COMMANDS)('the help of %s shows an example and the JSON option', async (name) => {
    const asOption = await callAlmagest([name, '--help'])
    const asCommand = await callAlmagest(['help', name])
    expect(asOption.code).toBe(0)
    expect(asOption.stdout).toContain(`$ almagest ${name} `)
    expect(asOption.stdout).toContain('--json')
    expect(asCommand.stdout).toBe(asOption.stdout)
  })

  test('without a command, the help goes to stderr and the exit code is 2', async () => {
    const { code, stdout, stderr } = await runAlmagest([])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('Usage: almagest')
  })

  test('--version prints the version and nothing else', async () => {
    const { code, stdout } = await callAlmagest(['--version'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe('wrong usage', () => {
  const cases: readonly (readonly [what: string, args: readonly string[], said: RegExp])[] = [
    ['an unknown command, with the near miss', ['satge'], /unknown command 'satge'.*stage/],
    ['an unknown option, with the near miss', ['status', '--jsn'], /unknown option '--jsn'.*--json/],
    ['a missing argument', ['swap', '--database', DATABASE], /missing required argument 'version'/],
    ['a missing rollback version', ['rollback', '--database', DATABASE], /missing required argument 'version'/],
    ['an argument too many', ['status', 'tap', '--database', DATABASE], /too many arguments/],
    ['rows without a file', ['rows'], /missing required argument 'file'/],
    ['an unknown profile', ['rows', '--profile', 'repertoire', 'x.yaml'], /deployed, plain/],
    ['no database', ['status'], /--database.*ALMAGEST_DATABASE_URL/],
    ['an address that is no database', ['status', '--database', 'tap.example.org'], /postgresql:\/\/user@host/],
    ['both a database and a function', ['status', '--database', DATABASE, '--url', 'https://f.example'], /not both/],
    ['a function without a server', ['diff', '--url', 'https://f.example'], /--server NAME/],
    ['a server without a function', ['diff', '--server', 'tap', '--database', DATABASE], /--url/],
    ['a function that is no address', ['diff', '--url', 'f.example', '--server', 'tap'], /https:\/\//],
    ['an unknown slot', ['diff', '--from', 'life', '--database', DATABASE], /live, staging, previous/],
    ['one slot twice', ['diff', '--from', 'staging', '--database', DATABASE], /two slots/],
    ['an unknown kind of change', ['diff', '--fail-on', 'all', '--database', DATABASE], /breaking, any/],
    ['a deadline of no seconds', ['swap', 'v1', '--deadline', '0', '--database', DATABASE], /seconds/],
    ['a deadline of over an hour', ['swap', 'v1', '--deadline', '3601', '--database', DATABASE], /at most 3600/],
    ['a deadline in words', ['swap', 'v1', '--deadline', 'soon', '--database', DATABASE], /seconds/],
    ['a generation in words', ['swap', 'v1', '--generation', 'latest', '--database', DATABASE], /digits/],
    ['a generation that begins with 0', ['swap', 'v1', '--generation', '01', '--database', DATABASE], /not 0/],
    [
      'a generation beyond 64 bits',
      ['swap', 'v1', '--generation', '9223372036854775808', '--database', DATABASE],
      /digits/,
    ],
    ['an empty version', ['swap', '', '--database', DATABASE], /must not be empty/],
    ['a history of less than nothing', ['status', '--history', '-1', '--database', DATABASE], /from 0 to 1000/],
    ['stage without schemas', ['stage', '--version', 'v1', 'x', '--database', DATABASE], /--schemas/],
    ['stage without a release', ['stage', '--version', 'v1', '--schemas', 'a', '--database', DATABASE], /'release'/],
    [
      'a generation on disk',
      ['stage', '--version', 'v', '--schemas', 'a', '--generation', '1', 'x', '--database', DATABASE],
      /--url only/,
    ],
    ['stage without a version', ['stage', '--schemas', 'a', 'x', '--database', DATABASE], /--version/],
    ['a version that climbs', ['stage', '--version', '../v1', '--schemas', 'a', 'x', '--database', DATABASE], /".."/],
    ['an empty schema name', ['stage', '--version', 'v1', '--schemas', 'a,,b', 'x'], /empty/],
    ['a schema named twice', ['stage', '--version', 'v1', '--schemas', 'a,b,a', 'x'], /a is named twice/],
    ['a schema named as a file', ['stage', '--version', 'v1', '--schemas', 'a.yaml', 'x'], /without their ending: a\./],
    [
      'a postfix of signs',
      ['stage', '--postfix', '"; drop', '--version', 'v', '--schemas', 'a', 'x'],
      /letters, digits/,
    ],
    ['an increment of 0', ['rows', '--column-ref-index-increment', '0', 'x.yaml'], /from 1 on/],
  ]

  test.each(cases)('%s ends with 2 and says what is wrong', async (_, args, said) => {
    const { code, stdout, stderr } = await callAlmagest(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(said)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect(stderr).not.toContain(SECRET)
  })

  test.each([
    ['npm start --once', { npm_config_once: 'true' }, '--once'],
    ['npm start --release x', { npm_config_release: 'true' }, '--release'],
    ['npm start --no-swap', { npm_config_swap: '' }, '--no-swap'],
  ])('%s, which npm does not hand on, says where options go', async (_, taken, option) => {
    const { code, stderr } = await callAlmagest(['start', 'x'], { env: { npm_lifecycle_event: 'start', ...taken } })
    expect([code, stderr]).toEqual([2, expect.stringContaining(`npm start -- ${option}`)])
  })

  test('with --json it is one JSON document on stdout', async () => {
    const result = await runAlmagest(['status', '--json', '--form', 'live'])
    const { error } = result.json<ErrorDocument>()
    expect(result.code).toBe(2)
    expect(result.stderr).toBe('')
    expect(error.code).toBe('usage')
    expect(error.message).toContain("unknown option '--form'")
    expect(error.problems).toEqual([])
  })

  test('a misspelt option does not show the password that was given with it', async () => {
    const { stderr } = await callAlmagest(['status', `--databsae=${DATABASE}`])
    expect(stderr).toContain('--databsae')
    expect(stderr).not.toContain(SECRET)
  })

  test('a wrong ALMAGEST_DATABASE_URL is named, and not shown', async () => {
    const env = { ALMAGEST_DATABASE_URL: `mysql://observer:${SECRET}@db/tap` }
    const { code, stderr } = await callAlmagest(['status'], { env })
    expect(code).toBe(2)
    expect(stderr).toContain('ALMAGEST_DATABASE_URL')
    expect(stderr).not.toContain(SECRET)
  })
})

test('a reader of stdout that closes early ends the command quietly', async () => {
  const running = startAlmagest(['rows', '--json', '-'], { stdin: wideSchema() })
  await once(running.child.stdout!, 'data')
  running.child.stdout!.destroy()
  const { code, stdout, stderr } = await running.result
  expect({ code, stderr }, stdout.slice(0, 200)).toEqual({ code: 0, stderr: '' })
})

/** Far more rows than a pipe holds. */
function wideSchema(): string {
  const columns = Array.from({ length: 20_000 }, (_, index) => `  - {name: c${index}, datatype: int}`)
  return `name: wide\ntables:\n- name: t\n  columns:\n${columns.join('\n')}\n`
}
