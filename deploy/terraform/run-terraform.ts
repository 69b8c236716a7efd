import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type StandIns, startProviders } from './stand-in/start-providers.ts'

const run = promisify(execFile)

/** How long the registry may take to hand out the providers, 100 MB. */
const TIMEOUT_MS = 180_000

export interface TerraformCheck {
  readonly title: string
  readonly problems: readonly string[]
  /** Why it was not run. */
  readonly skipped: string | null
}

/** Where the providers come from: Terraform's registry, or the stand-ins where it cannot be reached. */
export type Providers = 'registry' | 'stand-ins'

/**
 * What Terraform itself has to say, where it is installed: `fmt`, `validate`, and `test` with mocked resources. Works on
 * a copy, so that nothing of it is left behind.
 */
export async function runTerraform(folder: string): Promise<readonly TerraformCheck[]> {
  if (!(await terraform(['version'], folder)).ok) {
    return [{ title: 'terraform', problems: [], skipped: 'skipped, terraform is not installed' }]
  }
  const fmt = await terraform(['fmt', '-check', '-recursive', '-list=true'], folder)
  const checks = await checkCopy(folder, 'registry')
  return [
    { title: 'terraform fmt', problems: fmt.ok ? [] : fmt.output, skipped: null },
    ...(checks.some(({ title }) => title === INIT) ? await checkCopy(folder, 'stand-ins') : checks),
  ]
}

const INIT = 'terraform init'

/**
 * @param commands what is run, by folder
 * @returns what each of them found; or only what `terraform init` says, where it fails: the providers cannot be had that way,
 *   or a module is not there
 */
export async function checkCopy(
  folder: string,
  providers: Providers,
  commands: Readonly<Record<string, readonly string[]>> = COMMANDS,
): Promise<readonly TerraformCheck[]> {
  const scratch = await mkdtemp(join(tmpdir(), 'almagest-terraform-'))
  const { variables, stop } = providers === 'stand-ins' ? await startProviders() : NO_STAND_INS
  try {
    const copy = join(scratch, 'terraform')
    await cp(folder, copy, { recursive: true, filter: (source) => !source.includes('.terraform') })
    const checks: TerraformCheck[] = []
    for (const [where, names] of Object.entries(commands)) {
      const cwd = join(copy, where)
      const init = await terraform(['init', '-backend=false', '-input=false', '-no-color'], cwd, variables)
      if (!init.ok) return [{ title: INIT, problems: init.output, skipped: null }]
      for (const command of names) {
        const result = await terraform([command, '-no-color'], cwd, variables)
        const title = `terraform ${command}, ${where === '.' ? 'all' : where}, with ${PROVIDERS[providers]}`
        checks.push({ title, problems: result.ok ? [] : result.output, skipped: null })
      }
    }
    return checks
  } finally {
    stop()
    await rm(scratch, { recursive: true, force: true })
  }
}

const NO_STAND_INS: StandIns = { variables: {}, stop() {} }

const COMMANDS: Readonly<Record<string, readonly string[]>> = { '.': ['validate', 'test'], bootstrap: ['validate'] }

const PROVIDERS: Readonly<Record<Providers, string>> = {
  registry: 'the providers of the registry',
  'stand-ins': 'stand-ins for the providers, for the registry cannot be reached',
}

async function terraform(
  args: readonly string[],
  cwd: string,
  variables: StandIns['variables'] = {},
): Promise<{ ok: boolean; output: string[] }> {
  const env = { ...process.env, ...variables, CHECKPOINT_DISABLE: '1' }
  try {
    const { stdout } = await run('terraform', args, { cwd, env, timeout: TIMEOUT_MS })
    return { ok: true, output: linesOf(stdout) }
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string }
    const output = linesOf(`${stdout}\n${stderr}`)
    return { ok: false, output: output.length > 0 ? output : [String(error)] }
  }
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '')
}
