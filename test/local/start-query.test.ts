import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { expect, test } from 'vitest'
import { callAlmagest } from '../support/call-command.ts'
import { startAlmagest } from '../support/run-command.ts'
import { startStory, untilUp } from './story.ts'

const story = startStory()

const PYTHON = '/usr/bin/python3'
const HAS_PYVO = existsSync('/usr/lib/python3/dist-packages/pyvo')

test('the queries that a start suggests are answered, and its tables are what TAP_SCHEMA says', async () => {
  const running = startAlmagest(['start', '--port', '0', '--state', story.state.path])
  const text = await untilUp(running)
  // Where it has ended instead, this says why.
  expect(running.child.exitCode === null ? '' : (await running.result).stderr).toBe('')
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
  await keepTable(text, url)
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

/** Does what the start suggests for a table of one's own, and looks at it as others. */
async function keepTable(text: string, url: string): Promise<void> {
  const [, rows = ''] = /^ {2}printf '(.+)' > targets\.csv$/m.exec(text) ?? []
  const file = join(story.state.path, 'targets.csv')
  await writeFile(file, rows.replaceAll('\\n', '\n'))
  const commands = [...text.matchAll(/^ {2}npx almagest (.*\btargets\b.*|tables list.*)$/gm)].map(([, line = '']) =>
    line.replace('targets.csv', file),
  )
  const run = (line: string) =>
    callAlmagest([...line.matchAll(/"(.+)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word!))
  const outputs = []
  for (const command of commands) outputs.push((await run(command)).stdout)
  expect(outputs).toEqual([
    'user_you.targets is created, with 2 rows\n',
    expect.stringMatching(/Sirius .*bright\nBetelgeuse .*red\n|Betelgeuse .*red\nSirius .*bright\n/),
    'targets: ann may read it\n',
    expect.stringContaining('user_you.targets  you'),
  ])
  const query = 'SELECT COUNT(*) AS n FROM user_you.targets'
  const count = (token: string) => callAlmagest(['query', '--url', url, '--token', token, '--format', 'csv', query])
  expect((await count('ann')).stdout).toBe('n\r\n2\r\n')
  expect((await count('bob')).stderr).toContain('user_you')
  expect((await run(`tables share targets --group heron --url ${url}`)).code).toBe(0)
  expect((await count('bob')).stdout).toBe('n\r\n2\r\n')
  expect((await count('eve')).stderr).toContain('user_you')
  const quota = await (await fetch(`${url}/quota`)).json()
  expect(quota).toMatchObject({ limits: { tables: 20 }, usage: { tables: 1 } })
}

/** Does what the start suggests for a job, and deletes it. @returns its result */
async function runJob(text: string): Promise<string> {
  const lines = text.split('\n').map((line) => line.trim())
  const [submit, wait, result] = ['job=', 'curl "$job?', 'curl "$job/'].map((start) =>
    lines.find((line) => line.startsWith(start)),
  )
  const until = `until ${wait} | grep -q '>COMPLETED<'; do :; done`
  const script = [submit, until, result, 'curl -X DELETE "$job"'].join('\n')
  return (await promisify(execFile)('sh', ['-c', script], { timeout: 30_000 })).stdout
}
