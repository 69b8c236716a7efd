import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { COMMANDS } from '../../cli/commands/table.ts'
import { PROJECT_ROOT, runAlmagest } from '../support/run-command.ts'
import { sampleSchema } from '../support/sample-release.ts'

/** Names every module on stderr as it is loaded. */
const SPY = `
  import { registerHooks } from 'node:module'
  registerHooks({ load(url, context, next) { process.stderr.write('loaded ' + url + '\\n'); return next(url, context) } })`

const SPYING = `--import=data:text/javascript,${encodeURIComponent(SPY)}`

/** The packages and files of ours that a command loads. */
async function loadedBy(args: readonly string[], stdin = ''): Promise<readonly string[]> {
  const { code, stderr } = await runAlmagest(args, { env: { NODE_OPTIONS: SPYING }, stdin })
  expect(code).toBe(0)
  const names = namesIn(stderr)
  expect(names).toContain('cli/almagest.ts')
  return names
}

/** What the spy has named, each once. */
function namesIn(stderr: string): readonly string[] {
  const urls = [...stderr.matchAll(/^loaded file:\/\/(.*)$/gm)].map(([, path = '']) => path)
  const names = urls.map(
    (path) =>
      /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ??
      path.replace(/^.*?\/(?=cli\/|shared\/|package\.json$)/, ''),
  )
  return [...new Set(names)]
}

function packages(names: readonly string[]): readonly string[] {
  return names.filter((name) => !/^(cli\/|shared\/|package\.json$)/.test(name))
}

test('the help of all commands loads none of them', async () => {
  const loaded = await loadedBy(['--help'])
  expect(packages(loaded)).toEqual(['commander'])
  for (const { name } of COMMANDS) expect(loaded).not.toContain(`cli/commands/${name}.ts`)
})

test('the help of no command loads a client of anything', async () => {
  const names = COMMANDS.map(({ name }) => name)
  const script = `
    import { runAlmagest } from ${JSON.stringify(join(PROJECT_ROOT, 'cli/commands/program.ts'))}
    for (const name of ${JSON.stringify(names)}) await runAlmagest(['help', name])`
  const flags = [SPYING, '--input-type=module', '--eval', script]
  const { stdout, stderr } = await promisify(execFile)(process.execPath, flags, { maxBuffer: 1 << 26 })
  for (const name of names) expect(stdout).toContain(`almagest ${name}`)
  expect(packages(namesIn(stderr))).toEqual(['commander'])
})

test('rows loads neither PostgreSQL nor Google Cloud', async () => {
  const loaded = packages(await loadedBy(['rows', '-'], sampleSchema('survey')))
  expect(loaded).toContain('commander')
  expect(loaded.filter((name) => /^(pg|@?google)/.test(name))).toEqual([])
})

test('validate loads no packages but those that read its arguments and YAML', async () => {
  expect(packages(await loadedBy(['validate', '-'], sampleSchema('survey')))).toEqual(['commander', 'js-yaml'])
})
