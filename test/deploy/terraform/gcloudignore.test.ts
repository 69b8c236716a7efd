import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, temporaryFolder } from '../../support/function-process.ts'

/** Patterns of .gcloudignore, which has the syntax of .gitignore and can include it. */
function patterns(): string {
  const text = readFileSync(join(ROOT, '.gcloudignore'), 'utf8')
  return text.replaceAll(/^#!include:(\S+)$/gm, (_, file: string) => readFileSync(join(ROOT, file), 'utf8'))
}

/** Of some paths those that `gcloud builds submit` leaves out. */
async function ignored(paths: readonly string[]): Promise<readonly string[]> {
  const repository = await temporaryFolder()
  execFileSync('git', ['init', '--quiet', repository])
  await writeFile(join(repository, 'patterns'), patterns())
  const { stdout } = spawnSync(
    'git',
    ['-c', `core.excludesFile=${join(repository, 'patterns')}`, 'check-ignore', '--no-index', '--stdin'],
    { cwd: repository, input: paths.join('\n'), encoding: 'utf8' },
  )
  return stdout.split('\n').filter((line) => line !== '')
}

const hasGit = spawnSync('git', ['--version']).status === 0

test.skipIf(!hasGit)(
  'a build that is submitted from a checkout has all that its checks and its plan read',
  async () => {
    const { stdout: tracked = '' } = spawnSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' })
    const needed = ['.gitignore', 'biome.json', 'cloudbuild.yaml', 'terraform/.terraform.lock.hcl']
    const own = ['terraform/environments/prod.tfvars', 'terraform/environments/prod.yaml']
    expect(await ignored([...needed, ...own, ...tracked.split('\n').filter((path) => path !== '')])).toEqual([])
  },
)

test.skipIf(!hasGit)('what was installed, built or kept by Terraform is not submitted', async () => {
  const local = [
    'node_modules/typescript/lib/tsc.js',
    'dist/discovery/index.js',
    'terraform/.terraform/providers/schema',
    'terraform/bootstrap/terraform.tfstate',
    'terraform/bootstrap/terraform.tfstate.backup',
    'terraform/plan.tfplan',
    'terraform/plan.txt',
    'terraform/outputs.json',
    '.almagest/data',
  ]
  expect(await ignored(local)).toEqual(local)
  expect(patterns().split('\n')).toContain('.git')
})
