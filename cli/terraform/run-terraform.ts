import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** How long the registry may take to hand out the providers, 100 MB. */
const INIT_TIMEOUT_MS = 180_000

export interface TerraformCheck {
  readonly title: string
  readonly problems: readonly string[]
  /** Why it was not run. */
  readonly skipped: string | null
}

/**
 * What Terraform itself has to say: `fmt` where it is installed; `validate`, and `test` with mocked providers, where it
 * can reach its registry. Works on a copy, so that nothing of it is left behind.
 */
export async function runTerraform(folder: string): Promise<readonly TerraformCheck[]> {
  if (!(await succeeds(['version'], folder)).ok) {
    return [{ title: 'terraform', problems: [], skipped: 'skipped, terraform is not installed' }]
  }
  const fmt = await succeeds(['fmt', '-check', '-recursive', '-list=true'], folder)
  return [
    { title: 'terraform fmt', problems: fmt.ok ? [] : fmt.output, skipped: null },
    ...(await validateCopy(folder)),
  ]
}

async function validateCopy(folder: string): Promise<TerraformCheck[]> {
  const scratch = await mkdtemp(join(tmpdir(), 'almagest-terraform-'))
  try {
    const copy = join(scratch, 'terraform')
    await cp(folder, copy, { recursive: true, filter: (source) => !source.includes('.terraform') })
    const init = await succeeds(['init', '-backend=false', '-input=false', '-no-color'], copy)
    const skipped = init.ok ? null : 'skipped, terraform init cannot get the providers'
    const checks: TerraformCheck[] = []
    for (const command of ['validate', 'test']) {
      const result = skipped === null ? await succeeds([command, '-no-color'], copy) : null
      checks.push({ title: `terraform ${command}`, problems: result?.ok === false ? result.output : [], skipped })
    }
    return checks
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

async function succeeds(args: readonly string[], cwd: string): Promise<{ ok: boolean; output: string[] }> {
  try {
    const { stdout } = await run('terraform', args, { cwd, timeout: INIT_TIMEOUT_MS })
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
