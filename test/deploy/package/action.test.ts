import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { expect, test } from 'vitest'
import { COMMANDS } from '../../../cli/commands/table.ts'
import { ROOT, temporaryFolder } from '../../support/function-process.ts'
import { sampleSchema } from '../../support/sample-release.ts'

interface Action {
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>
  readonly runs: { readonly steps: readonly Step[] }
}

interface Step {
  readonly id?: string
  readonly run?: string
  readonly env?: Readonly<Record<string, string>>
}

const action = load(readFileSync(join(ROOT, 'action.yml'), 'utf8')) as Action
const step = action.runs.steps.find(({ id }) => id === 'run')!

/** Runs the step that calls the command, with the sources in place of the bundle. */
async function runAction(inputs: Readonly<Record<string, string>>, cwd: string) {
  const outputs = await temporaryFolder()
  const given: Record<string, string> = {}
  for (const [name, expression] of Object.entries(step.env ?? {})) {
    const input = /inputs\.([\w-]+)/.exec(expression)?.[1]
    if (input !== undefined) given[name] = inputs[input] ?? action.inputs[input]?.default ?? ''
  }
  for (const file of ['output', 'summary']) writeFileSync(join(outputs, file), '')
  const { status, stdout, stderr } = spawnSync('bash', ['-c', step.run!], {
    cwd,
    encoding: 'utf8',
    env: {
      ...process.env,
      ...given,
      PATH: `${join(process.execPath, '..')}:${process.env.PATH}`,
      ALMAGEST: join(ROOT, 'cli', 'almagest.js'),
      GITHUB_OUTPUT: join(outputs, 'output'),
      GITHUB_STEP_SUMMARY: join(outputs, 'summary'),
      GITHUB_SHA: '0123456789abcdef0123456789abcdef01234567',
      RUNNER_TEMP: outputs,
    },
  })
  const read = (file: string) => readFileSync(join(outputs, file), 'utf8')
  return { status, stdout, stderr, output: read('output'), summary: read('summary') }
}

test('the action validates with annotations, shows a diff for a comment, and publishes', async () => {
  const folder = await temporaryFolder()
  mkdirSync(join(folder, 'yml'))
  const file = join(folder, 'yml', 'survey.yaml')
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args])
  writeFileSync(file, sampleSchema('survey'))
  git('init', '-q', '-b', 'main')
  git('add', '.')
  git('commit', '-qm', 'one')
  writeFileSync(file, sampleSchema('survey').replace('name: dec', 'name: decl'))

  const diff = await runAction({ command: 'diff', path: 'yml', base: 'main', 'fail-on': 'breaking' }, folder)
  expect([diff.status, diff.stderr]).toEqual([1, ''])
  expect(diff.summary).toContain('| column removed | `survey.object.dec` |')
  expect(diff.stdout).toContain('::warning file=yml/survey.yaml,line=')
  expect(diff.output).toMatch(/^markdown=.*almagest-diff\.md\n$/)

  const published = await runAction(
    { command: 'publish', path: 'yml', version: 'releases/1', to: join(folder, 'out') },
    folder,
  )
  expect([published.status, published.stderr]).toEqual([0, ''])
  expect(published.output).toContain('"outcome": "published"')
  const refused = await runAction(
    { command: 'publish', path: 'nowhere', version: 'releases/1', to: join(folder, 'out') },
    folder,
  )
  expect([refused.status, refused.output]).toEqual([2, expect.stringContaining('"code": "usage"')])

  writeFileSync(file, 'name: survey\ntables: 3\n')
  const wrong = await runAction(
    { command: 'validate', path: 'yml', arguments: "--check-description '--strict'" },
    folder,
  )
  expect([wrong.status, wrong.stdout]).toEqual([1, expect.stringContaining('::error file=yml/survey.yaml,line=2')])
  await runAction({ command: 'validate', path: 'yml', arguments: '--strict $(touch touched) `touch touched`' }, folder)
  expect(existsSync(join(folder, 'touched'))).toBe(false)
  expect(await runAction({ command: 'destroy' }, folder)).toMatchObject({
    status: 2,
    stdout: expect.stringContaining('::error::'),
  })
})

test('what the action builds is there, and every input is used', () => {
  const install = action.runs.steps.find(({ id }) => id === 'install')!.run!
  expect(install).toContain('node deploy/package/run.ts')
  const used = JSON.stringify(action.runs)
  for (const input of Object.keys(action.inputs)) expect(used).toContain(`inputs.${input} `)
})

test('the pre-commit hook runs a command that there is', () => {
  const [hook] = load(readFileSync(join(ROOT, '.pre-commit-hooks.yaml'), 'utf8')) as {
    entry: string
    language: string
  }[]
  const [program, command] = hook!.entry.split(' ')
  expect(program).toBe('almagest')
  expect(COMMANDS.map(({ name }) => name)).toContain(command)
  expect(hook!.language).toBe('node')
})
