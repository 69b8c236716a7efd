import { expect, test } from 'vitest'
import { COMMANDS } from '../../cli/commands/table.ts'
import { runAlmagest } from '../support/run-command.ts'
import { sampleSchema } from '../support/sample-release.ts'

/** Names every module on stderr as it is loaded. */
const SPY = `
  import { registerHooks } from 'node:module'
  registerHooks({ load(url, context, next) { process.stderr.write('loaded ' + url + '\\n'); return next(url, context) } })`

/** The packages and files of ours that a command loads. */
async function loadedBy(args: readonly string[], stdin = ''): Promise<readonly string[]> {
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(SPY)}` }
  const { code, stderr } = await runAlmagest(args, { env, stdin })
  expect(code).toBe(0)
  const urls = [...stderr.matchAll(/^loaded file:\/\/(.*)$/gm)].map(([, path = '']) => path)
  const names = urls.map(
    (path) =>
      /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ??
      path.replace(/^.*?\/(?=cli\/|shared\/|package\.json$)/, ''),
  )
  expect(names).toContain('cli/almagest.ts')
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

test.each(COMMANDS.map(({ name }) => name))('the help of %s loads no client of anything', async (name) => {
  expect(packages(await loadedBy(['help', name]))).toEqual(['commander'])
})

test('rows loads neither PostgreSQL nor Google Cloud', async () => {
  const loaded = packages(await loadedBy(['rows', '-'], sampleSchema('survey')))
  expect(loaded).toContain('commander')
  expect(loaded.filter((name) => /^(pg|@?google)/.test(name))).toEqual([])
})

test('validate loads no packages but those that read its arguments and YAML', async () => {
  expect(packages(await loadedBy(['validate', '-'], sampleSchema('survey')))).toEqual(['commander', 'js-yaml'])
})
