import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseEnvironment } from '../../shared/environment/parse.ts'
import { formatProblem } from '../../shared/problem.ts'
import { runTerraform } from './run-terraform.ts'

const FOLDER = join(import.meta.dirname, '..', '..', 'terraform')

for (const file of await listEnvironmentFiles()) {
  const { problems } = parseEnvironment(file, await readFile(join(FOLDER, file), 'utf8'))
  report(`environment file ${file}`, problems.filter(({ severity }) => severity === 'error').map(formatProblem))
}
for (const { title, problems, skipped } of await runTerraform(FOLDER)) report(title, problems, skipped)

/** Terraform itself takes what it needs from them, and leaves it to us whether they are right. */
async function listEnvironmentFiles(): Promise<readonly string[]> {
  const names = await readdir(join(FOLDER, 'environments'))
  return names.filter((name) => /\.ya?ml$/.test(name)).map((name) => join('environments', name))
}

function report(title: string, problems: readonly string[], skipped: string | null = null): void {
  const outcome = skipped ?? (problems.length === 0 ? 'ok' : `${problems.length} problems`)
  console.log(`${title}: ${outcome}`)
  for (const problem of problems) console.log(`  ${problem}`)
  if (problems.length > 0) process.exitCode = 1
}
