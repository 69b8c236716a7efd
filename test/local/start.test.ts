import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { StartReport } from '../../local/summary.ts'
import { parseEnvironment } from '../../shared/environment/parse.ts'
import { writeFolder } from '../cli/release-folder.ts'
import { callAlmagest } from '../support/call-command.ts'
import { launchAlmagest, type RunningCommand, runAlmagest } from '../support/run-command.ts'
import { sampleSchema } from '../support/sample-release.ts'
import { isRunning } from './state-folder.ts'
import { startStory, untilUp, writeSurvey } from './story.ts'
import { keepTable, runJob } from './suggestions.ts'

const story = startStory()
const { start, startWell } = story

const PYTHON = '/usr/bin/python3'
const HAS_PYVO = existsSync('/usr/lib/python3/dist-packages/pyvo')

test('the first start brings the sample live on both servers and stops everything', async () => {
  const result = await start()
  expect(result).toMatchObject({ code: 0 })
  const { servers, url } = result.json<StartReport>()
  expect(servers.map(({ server, outcome, version }) => ({ server, outcome, version }))).toEqual([
    { server: 'tap', outcome: 'swapped', version: 'releases/sky-1' },
    { server: 'alerttap', outcome: 'swapped', version: 'releases/heron-1' },
  ])
  const [tap, alerttap] = servers
  expect(tap?.live).toMatchObject({ version: 'releases/sky-1', schemas: ['sky', 'ivoa'], keys: 0 })
  expect(tap?.live?.tables.map(({ name, columns }) => [name, columns])).toEqual([
    ['sky.stars', 19],
    ['sky.deep_sky', 22],
    ['ivoa.ObsCore', 40],
  ])
  expect(alerttap?.live).toMatchObject({ schemas: ['heron_alerts', 'heron_dr1', 'ivoa'], keys: 4 })
  expect(result.stderr).toContain('tap: tables: 3 in database tap, 28,976 rows loaded')
  expect(tap?.stageMs).toBeGreaterThan(0)
  expect(tap?.swapMs).toBeGreaterThan(0)
  expect(story.state.postgresPid()).toBeNull()
  expect(story.state.isLocked()).toBe(false)
  await expect(fetch(url)).rejects.toThrow()
})

test('the functions write their log into a file, one JSON object a line, and nothing to the terminal', async () => {
  const lines = (await readFile(join(story.state.path, 'log.jsonl'), 'utf8')).trimEnd().split('\n')
  const functions = new Set(lines.map((line) => JSON.parse(line).function))
  expect(functions).toContain('load-release')
  expect(functions).toContain('swap-schema')
})

describe('the next start', () => {
  let running: RunningCommand
  let text: string
  beforeAll(async () => {
    running = launchAlmagest(['start', '--port', '0', '--state', story.state.path])
    text = await untilUp(running)
    // Where it has ended instead, this says why.
    expect(running.child.exitCode === null ? '' : (await running.result).stderr).toBe('')
  })
  afterAll(() => void running?.child.kill('SIGKILL'))

  test('finds everything live and says so, for people', () => {
    expect(text).toContain('tap: nothing to do, releases/sky-1 is live.')
    expect(text).toContain('tap: tables: 3 in database tap  ')
    expect(text).not.toContain('uploaded')
    expect(text).not.toContain('"severity"')
  })

  test('answers by all functions, each with its own login', async () => {
    const url = /Almagest is up at (http:\S+)/.exec(text)?.[1]
    const answer = await fetch(`${url}/swap-schema/servers`)
    expect(await answer.json()).toMatchObject({
      servers: [{ name: 'tap', live: 'releases/sky-1' }, { name: 'alerttap' }],
    })
    expect((await fetch(`${url}/nowhere`)).status).toBe(404)

    const document = await fetch(`${url}/discovery/repertoire/discovery`)
    expect(await document.json()).toMatchObject({ tap_schemas: { tap: { version: 'releases/sky-1' }, alerttap: {} } })
    const archive = await fetch(`${url}/discovery/repertoire/discovery/tap/tap/metadata/schemas`)
    expect(archive.url).toContain('/releases/releases/sky-1/schemas.tar.gz')
    expect(archive.status).toBe(200)
    expect(gunzipSync(await archive.arrayBuffer()).length).toBeGreaterThan(0)
    for (const part of ['schemas', 'datalink-snippets', 'datalink-columns']) {
      const ofSample = await fetch(`${url}/discovery/repertoire/discovery/tap/alerttap/metadata/${part}`)
      expect([part, ofSample.status]).toEqual([part, 200])
      await ofSample.arrayBuffer()
    }
    const from = ['--environment', join(story.state.path, 'environment.yaml')]
    // In a process of its own: this one knows the file of the first start.
    const listed = await runAlmagest(['releases', ...from, '--json'])
    expect(listed.json<{ releases: object[] }>().releases).toContainEqual(
      expect.objectContaining({ version: 'releases/heron-1', remark: null }),
    )
    const links = [...text.matchAll(/^ {2}(http:\S+)$/gm)].map(([, link]) => link!)
    expect(links.length).toBeGreaterThan(5)
    for (const link of links) expect([link, (await fetch(link)).status]).toEqual([link, 200])
    // Pages are short there, so that tokens are seen.
    const identifiers = await fetch(`${url}/registry/oai?verb=ListIdentifiers&metadataPrefix=ivo_vor`)
    expect(await identifiers.text()).toMatch(/<identifier>ivo:\/\/heron\.example<.*<resumptionToken /s)
    const record = `${url}/registry/oai?verb=GetRecord&metadataPrefix=ivo_vor&identifier=ivo://heron.example/tap`
    expect(await (await fetch(record)).text()).toContain('<version>releases/sky-1</version>')
    const credentials = { headers: { authorization: 'Bearer any' } }
    const efd = await fetch(`${url}/discovery/repertoire/discovery/influxdb/default`, credentials)
    expect(await efd.json()).toMatchObject({ username: 'reader', password: 'no-secret' })

    const file = join(story.state.path, 'environment.yaml')
    const { environment, problems } = parseEnvironment(file, await readFile(file, 'utf8'))
    expect(problems).toEqual([])
    const database = environment!.servers.get('tap')!.database as { url: string }
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    const { rows } = await client.query('select rolsuper from pg_roles where rolname = current_user')
    await client.end()
    expect(rows).toEqual([{ rolsuper: false }])
  })

  test('answers the queries that it suggests, and its tables are what TAP_SCHEMA says', async () => {
    const [, url = '', adql = ''] = /npx almagest query --url (\S+) "(.+)"$/m.exec(text) ?? []
    expect(url).toMatch(/\/tap\/tap$/)
    const { stdout } = await callAlmagest(['query', '--url', url, adql])
    expect(stdout.split('\n').slice(0, 5)).toEqual([
      'name                 ra          dec  vmag',
      '                    deg          deg   mag',
      '----------  -----------  -----------  ----',
      'Rigel       78.63446385  -8.20163958  0.18',
      'Betelgeuse  88.79287149   7.40703653  0.45',
    ])
    const commands = [/^ {2}(curl -d LANG.+)$/m, ...(HAS_PYVO ? [/^ {2}(python3 .+)$/m] : [])]
    for (const command of commands) {
      const line = command.exec(text)?.[1]?.replace('python3', PYTHON) ?? ''
      const answer = await promisify(execFile)('sh', ['-c', line])
      expect(answer.stdout).toMatch(/Rigel.*Betelgeuse.*Hatysa/s)
    }
    expect(await runJob(text)).toMatch(/Rigel.*Betelgeuse.*Hatysa/s)
    await keepTable(text, url, story.state.path)
    const bucket = join(story.state.path, 'buckets', 'tap-results')
    expect(await readdir(bucket)).not.toEqual([])
    // As the schedule does once a minute.
    const watched = await fetch(new URL('/watch-queries/', url), { method: 'POST' })
    expect(await watched.json()).toMatchObject({ silent: 0, sent: 0, due: 0, forgotten: 1 })
    expect((await readdir(bucket)).filter((name) => name.endsWith('.json'))).toEqual([])
    // The role of users' queries, not that of the function.
    const reader = new pg.Client({ connectionString: /psql '(\S+)'/.exec(text)?.[1] })
    await reader.connect()
    await expect(reader.query('select from uws.job')).rejects.toMatchObject({ code: '42501' })
    await reader.end()
    const environment = join(story.state.path, 'environment.yaml')
    const check = await callAlmagest(['check-tables', '--environment', environment, '--json'])
    expect(check.json()).toMatchObject({
      checks: [
        { server: 'tap', version: 'releases/sky-1', readers: ['tap_reader'], tables: 3, findings: [] },
        // Its tables are in Qserv.
        { server: 'alerttap', tables: 0, findings: [] },
      ],
    })
    const star = 'SELECT star_id, tile FROM heron_dr1.Star WHERE star_id = 7'
    for (const path of ['sync', 'async']) {
      const body = new URLSearchParams({ LANG: 'ADQL', QUERY: star, RESPONSEFORMAT: 'csv', PHASE: 'RUN' })
      let answer = await fetch(new URL(`/tap/alerttap/${path}`, url), { method: 'POST', body })
      if (path === 'async') {
        while (!(await (await fetch(`${answer.url}?WAIT=20`)).text()).includes('>COMPLETED<'));
        answer = await fetch(`${answer.url}/results/result`)
      }
      expect(await answer.text()).toBe('star_id,tile\r\n7,7\r\n')
    }
  })

  test('holds its folder against another start, and stops everything at Ctrl-C', async () => {
    const refused = await start()
    expect(refused.code).toBe(1)
    expect(refused.json<{ error: object }>().error).toMatchObject({ code: 'state_in_use' })
    expect(refused.stdout).toContain(`process ${running.child.pid} is running on`)

    const postgres = story.state.postgresPid()!
    expect(isRunning(postgres)).toBe(true)
    running.child.kill('SIGINT')
    running.child.kill('SIGINT')
    expect(await running.result).toMatchObject({ code: 0 })
    expect(isRunning(postgres)).toBe(false)
    expect(story.state.isLocked()).toBe(false)
  })
})

test('a folder of YAML goes live under its own name', async () => {
  const tap = await startWell('--release', await writeSurvey(), '--schemas', 'survey', '--version', 'releases/own')
  expect(tap).toMatchObject({ outcome: 'swapped', version: 'releases/own', slots: { previous: 'releases/sky-1' } })
  expect(tap.live?.tables).toMatchObject([{ name: 'survey.object', columns: 3 }])
})

test('the same content again is not uploaded, and stays live', async () => {
  const tap = await startWell('--release', await writeSurvey(), '--version', 'releases/own')
  expect(tap).toMatchObject({ outcome: 'live', stageMs: null, slots: { previous: 'releases/sky-1', staging: null } })
})

test('other content under the same version is a new upload, and goes live', async () => {
  const changed = await writeFolder({ 'survey.yaml': sampleSchema('survey', { star: [{ name: 'ra' }] }) })
  const tap = await startWell('--release', changed, '--version', 'releases/own')
  expect(tap).toMatchObject({ outcome: 'swapped', slots: { previous: 'releases/own' } })
  expect(tap.live?.tables).toMatchObject([{ name: 'survey.star', columns: 1 }])
})

test('a release that cannot be loaded is reported with its problems, and changes nothing', async () => {
  const broken = await writeFolder({ 'survey.yaml': 'name: survey\ntables:\n- name: t\n  columns:\n  - name: c\n' })
  const arguments_ = ['--release', broken, '--schemas', 'survey', '--version', 'releases/broken']
  const { code, stderr } = await runAlmagest([
    'start',
    '--once',
    '--port',
    '0',
    '--state',
    story.state.path,
    ...arguments_,
  ])
  expect(code).toBe(1)
  expect(stderr).toContain('releases/broken is rejected')
  expect(stderr).toMatch(/survey\.yaml:5.*datatype/)
  expect(story.state.postgresPid()).toBeNull()
  expect(story.state.isLocked()).toBe(false)
  expect((await startWell()).live?.tables).toMatchObject([{ name: 'survey.star' }])
})

test('a release can wait in the staging slot until it is asked for by name', async () => {
  const waiting = await startWell('--release', await writeSurvey(), '--version', 'releases/later', '--no-swap')
  expect(waiting).toMatchObject({ outcome: 'staged', live: { version: 'releases/own' } })
  expect(await startWell()).toMatchObject({ outcome: 'resumed', slots: { staging: 'releases/later' } })
  const swapped = await startWell('--version', 'releases/later')
  expect(swapped).toMatchObject({ outcome: 'swapped', stageMs: null, live: { version: 'releases/later' } })
})

test('what cannot be meant is refused before anything is started', async () => {
  const own = await writeSurvey()
  const two = await writeFolder({ 'a.yaml': sampleSchema('a'), 'b.yaml': sampleSchema('b') })
  const refusals: readonly [string[], string][] = [
    [['--release', join(own, 'nowhere')], 'there is no such file or folder'],
    [['--release', two], '--schemas a,b: the release has a, b'],
    [['--version', 'releases/unheard'], 'was not staged here before'],
    [['--release', own, '--version', '../up'], 'cannot have this name'],
  ]
  for (const [more, message] of refusals) {
    const { code, stdout } = await start(...more)
    expect(code).not.toBe(0)
    expect(JSON.parse(stdout).error.message).toContain(message)
  }
})
