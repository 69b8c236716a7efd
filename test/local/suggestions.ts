import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { callAlmagest } from '../support/call-command.ts'

/** Does what the start suggests for a table of one's own, and looks at it as others. */
export async function keepTable(text: string, url: string, folder: string): Promise<void> {
  const [, rows = ''] = /^ {2}printf '(.+)' > targets\.csv$/m.exec(text) ?? []
  const file = join(folder, 'targets.csv')
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
export async function runJob(text: string): Promise<string> {
  const lines = text.split('\n').map((line) => line.trim())
  const [submit, wait, result] = ['job=', 'curl "$job?', 'curl "$job/'].map((start) =>
    lines.find((line) => line.startsWith(start)),
  )
  const until = `until ${wait} | grep -q '>COMPLETED<'; do :; done`
  const script = [submit, until, result, 'curl -X DELETE "$job"'].join('\n')
  return (await promisify(execFile)('sh', ['-c', script], { timeout: 30_000 })).stdout
}
