import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkReferences } from './check-references.ts'
import { checkSchema } from './check-schema.ts'
import { readConfiguration } from './configuration.ts'
import { runTerraform } from './run-terraform.ts'
import type { ProviderSchema } from './schema.ts'

const FOLDER = join(import.meta.dirname, '..', '..', 'terraform')

const modules = await readConfiguration(FOLDER)
const schema = JSON.parse(await readFile(join(import.meta.dirname, 'provider-schema.json'), 'utf8')) as ProviderSchema

report(`arguments of google_* blocks, provider ${schema.version}`, checkSchema(modules, schema))
report('references', checkReferences(modules, schema))
for (const { title, problems, skipped } of await runTerraform(FOLDER)) report(title, problems, skipped)

function report(title: string, problems: readonly string[], skipped: string | null = null): void {
  const outcome = skipped ?? (problems.length === 0 ? 'ok' : `${problems.length} problems`)
  console.log(`${title}: ${outcome}`)
  for (const problem of problems) console.log(`  ${problem}`)
  if (problems.length > 0) process.exitCode = 1
}
