import { describe, expect, test } from 'vitest'
import type { SchemaDiff } from '../../shared/tap-schema/diff.ts'
import type { StageOutcome } from '../../shared/tap-schema/stage.ts'
import { readStatus, type ServerStatus } from '../../shared/tap-schema/status.ts'
import type { SwapOutcome } from '../../shared/tap-schema/swap.ts'
import { calledBy, startSwapSchema } from '../functions/swap-schema-service.ts'
import { callAlmagest } from '../support/call-command.ts'
import { prepareReleases } from '../support/prepared-database.ts'

interface ErrorDocument {
  readonly error: {
    readonly code: string
    readonly message: string
    readonly problems: readonly Readonly<Record<string, unknown>>[]
  }
}

const threeReleases = prepareReleases(['releases/v0', 'releases/v1'], 'releases/v2')

/** The real function on a database of its own, with a release live, one staged and one previous. */
async function deploy() {
  const database = await threeReleases()
  const service = await startSwapSchema({ servers: { tap: database.pool }, prefix: '/swap-schema' })
  return { database, service, at: ['--url', service.url, '--server', 'tap'] }
}

describe('a TAP server by its swap-schema function', () => {
  test('status, diff, swap and rollback do what they do on the database', async () => {
    const { database, at } = await deploy()
    const status = await callAlmagest(['status', '--json', ...at, '--history', '3'])
    expect(status).toMatchObject({ code: 0, stderr: '' })
    expect(status.json<ServerStatus>()).toEqual(await readStatus(database.pool, { historyLimit: 3 }))

    const diff = await callAlmagest(['diff', ...at])
    expect(diff).toMatchObject({
      code: 0,
      stdout: 'live (releases/v1, id 3) -> staging (releases/v2, id 5)\nno changes\n',
    })
    const machine = await callAlmagest(['diff', '--json', '--from', 'previous', '--to', 'live', ...at])
    expect(machine.json<SchemaDiff>()).toMatchObject({
      from: { version: 'releases/v0' },
      to: { version: 'releases/v1' },
    })

    const swapped = await callAlmagest(['swap', 'releases/v2', '--json', ...at])
    expect(swapped.json<SwapOutcome>()).toMatchObject({ live: 'releases/v2', previous: 'releases/v1' })
    const rolledBack = await callAlmagest(['rollback', 'releases/v1', ...at])
    expect(rolledBack).toMatchObject({ code: 0, stdout: expect.stringContaining('releases/v1 is live again') })
    const { slots } = await readStatus(database.pool)
    expect([slots.live.version, slots.previous.version]).toEqual(['releases/v1', 'releases/v2'])
    const byId = ['rollback', 'releases/v2', '--id', `${slots.previous.id}`, '--json', ...at]
    for (const outcome of ['rolled_back', 'unchanged']) {
      expect((await callAlmagest(byId)).json<SwapOutcome>()).toMatchObject({ outcome, live: 'releases/v2' })
    }
  })

  test('a reader is left out only where the command says so', async () => {
    const { database, at } = await deploy()
    const reader = await database.createLogin()
    await database.pool.query(`grant usage on schema tap_schema to ${reader};
      grant select on all tables in schema tap_schema to ${reader}`)
    const swap = ['swap', 'releases/v2', ...at]
    const refused = await callAlmagest(swap)
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(`init --reader ${reader}`) })
    const swapped = await callAlmagest([...swap, '--leave-readers-out'])
    expect(swapped).toMatchObject({ code: 0, stderr: expect.stringContaining(`warning: ${reader} could read`) })
  })

  test('stage takes a release from the bucket, the newest upload or a given one', async () => {
    const { database, service, at } = await deploy()
    const first = await service.upload('main')
    const second = await service.upload('main')
    const generation = async () => (await readStatus(database.pool)).slots.staging.source?.generation
    const newest = await callAlmagest(['stage', '--version', 'main', ...at])
    expect(newest).toMatchObject({ code: 0, stdout: expect.stringMatching(/^staged main in .* 1 table,/) })
    expect(await generation()).toBe(second.generation)
    const given = await callAlmagest(['stage', '--version', 'main', '--json', '--generation', second.generation, ...at])
    expect(given.json<StageOutcome>()).toMatchObject({ outcome: 'staged', version: 'main' })
    const gone = await callAlmagest(['stage', '--version', 'main', '--generation', first.generation, ...at])
    expect(gone).toMatchObject({ code: 1, stderr: expect.stringContaining('does not exist') })
  })

  test('a broken release in the bucket is rejected with its problems', async () => {
    const { service, at } = await deploy()
    await service.upload('bad', { schema: 'name: survey\ntables: 5\n' })
    const { code, stdout, stderr } = await callAlmagest(['stage', '--version', 'bad', ...at])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^ {2}survey\.yaml:2: tables: /m)
  })

  test('the caller of the token is the actor; the token may come from ALMAGEST_TOKEN', async () => {
    const { database, at } = await deploy()
    const [, ada = ''] = calledBy('ada@example.org').authorization!.split(' ')
    const [, ben = ''] = calledBy('ben@example.org').authorization!.split(' ')
    const env = { ALMAGEST_TOKEN: ben }
    expect(await callAlmagest(['swap', 'releases/v2', ...at, '--token', ada], { env })).toMatchObject({ code: 0 })
    expect(await callAlmagest(['rollback', 'releases/v1', ...at], { env })).toMatchObject({ code: 0 })
    const { history } = await readStatus(database.pool, { historyLimit: 2 })
    expect(history.map((entry) => entry.actor)).toEqual(['ben@example.org', 'ada@example.org'])
  })

  test('a refusal is reported in the words of the function', async () => {
    const { at, service } = await deploy()
    const wrong = await callAlmagest(['swap', 'releases/v9', ...at])
    expect(wrong).toMatchObject({ code: 1, stdout: '' })
    expect(wrong.stderr).toContain('holds releases/v2, not releases/v9')
    const machine = await callAlmagest(['swap', 'releases/v9', '--json', ...at])
    expect(machine.json<ErrorDocument>().error).toMatchObject({ code: 'version_mismatch', problems: [] })
    const unknown = await callAlmagest(['status', '--url', service.url, '--server', 'tapp'])
    expect(unknown).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^almagest: no TAP server is called "tapp": did you mean tap/),
    })
    const forged = await callAlmagest(['status', ...at, '--token', 'no-token-at-all'])
    expect(forged.code).toBe(1)
    expect(forged.stderr).not.toContain('no-token-at-all')
  })

  test.each([
    ['a release', 'schemas.tar.gz'],
    ['--schemas', '--schemas', 'a'],
    ['--no-extensions', '--no-extensions'],
    ['--extensions', '--extensions'],
  ])('stage leaves %s to the function', async (said, ...args) => {
    const at = ['--url', 'http://127.0.0.1:1', '--server', 'tap', '--version', 'v1']
    const { code, stderr } = await callAlmagest(['stage', ...at, ...args])
    expect(code).toBe(2)
    expect(stderr).toContain(`leave out ${said === 'a release' ? args[0] : '--'}`)
  })

  test('--actor and --deadline are for --database', async () => {
    const at = ['--url', 'http://127.0.0.1:1', '--server', 'tap']
    for (const option of [
      ['--actor', 'x'],
      ['--deadline', '5'],
    ]) {
      const { code, stderr } = await callAlmagest(['swap', 'v1', ...at, ...option])
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('--database only') })
    }
  })
})
