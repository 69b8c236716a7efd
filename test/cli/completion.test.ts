import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { COMMANDS } from '../../cli/commands/table.ts'
import { callAlmagest } from '../support/call-command.ts'
import { temporaryFolder } from '../support/function-process.ts'

const has = (shell: string) => spawnSync(shell, ['-c', 'exit 0']).status === 0

const scripts = new Map<string, string>()

beforeAll(async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout, stderr } = await callAlmagest(['completion', shell])
    expect([code, stderr]).toEqual([0, ''])
    scripts.set(shell, stdout)
  }
})

test.each(['bash', 'zsh', 'fish'])('the script for %s knows every command', (shell) => {
  for (const { name } of COMMANDS) expect(scripts.get(shell)).toMatch(new RegExp(`\\b${name}\\b`))
  expect(scripts.get(shell)).toContain('rollback')
})

/** What bash offers after some words. */
async function completeInBash(lines: readonly (readonly string[])[]): Promise<string[][]> {
  const calls = lines.map((words) => {
    const list = ['almagest', ...words].map((word) => `'${word}'`).join(' ')
    return `COMP_WORDS=(${list}); COMP_CWORD=${words.length}; _almagest; printf '%s ' "\${COMPREPLY[@]}"; echo .`
  })
  const file = join(await temporaryFolder(), 'complete')
  // Only a shell at a terminal has options of a completion.
  await writeFile(file, `compopt() { :; }\n${scripts.get('bash')}\n${calls.join('\n')}\n`)
  const { stdout, stderr } = spawnSync('bash', [file], { encoding: 'utf8' })
  expect(stderr).toBe('')
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) =>
      line
        .slice(0, -1)
        .split(' ')
        .filter((word) => word !== ''),
    )
}

test.skipIf(!has('bash'))('bash completes commands, subcommands, options and their values', async () => {
  const [commands, some, values, options, nested, below, shells, help, files] = await completeInBash([
    [''],
    ['sw'],
    ['validate', '--format', ''],
    ['swap', '--gen'],
    ['registry', ''],
    ['registry', 'list', '--off'],
    ['completion', ''],
    ['help', 'roll'],
    ['validate', 'schemas/'],
  ])
  expect(commands).toEqual(expect.arrayContaining(COMMANDS.map(({ name }) => name)))
  expect(some).toEqual(['swap', 'sweep'].filter((name) => name.startsWith('sw')))
  expect(values).toEqual(expect.arrayContaining(['text', 'github', 'sarif', 'json']))
  expect(options).toEqual(['--generation'])
  expect(nested).toEqual(['list', 'show', 'validate', 'oai', 'refresh', 'history', 'forget'])
  expect(below).toEqual(['--offline'])
  expect(shells).toEqual(['bash', 'zsh', 'fish'])
  expect(help).toEqual(['rollback'])
  expect(files).toEqual([])
})

test.skipIf(!has('zsh'))('zsh reads the script', async () => {
  const file = join(await temporaryFolder(), '_almagest')
  await writeFile(file, scripts.get('zsh') ?? '')
  const check = `autoload -Uz compinit; compinit -u -D; source ${file}; whence -w _almagest_registry_list`
  const { stdout, stderr } = spawnSync('zsh', ['-f', '-c', check], { encoding: 'utf8' })
  expect([stdout, stderr]).toEqual(['_almagest_registry_list: function\n', ''])
})

test.skipIf(!has('fish'))('fish offers commands and values', async () => {
  const file = join(await temporaryFolder(), 'almagest.fish')
  await writeFile(file, scripts.get('fish') ?? '')
  const ask = `source ${file}; complete -C 'almagest rollb'; complete -C 'almagest validate --format gi'`
  const { stdout } = spawnSync('fish', ['--no-config', '-c', ask], { encoding: 'utf8' })
  expect(stdout.split('\n').map((line) => line.split('\t')[0])).toEqual(['rollback', 'github', ''])
})
