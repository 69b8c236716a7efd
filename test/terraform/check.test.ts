// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of HCL are quoted here
import { execFileSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { checkReferences } from '../../cli/terraform/check-references.ts'
import { checkSchema } from '../../cli/terraform/check-schema.ts'
import { readConfiguration } from '../../cli/terraform/configuration.ts'
import { checkCopy } from '../../cli/terraform/run-terraform.ts'
import type { ProviderSchema } from '../../cli/terraform/schema.ts'

const FOLDER = join(import.meta.dirname, '..', '..', 'terraform')

const schema: ProviderSchema = {
  provider: 'google',
  version: '6.50.0',
  blocks: {
    'resource.google_box': {
      arguments: {
        name: { type: 'string', required: true },
        size: { type: 'number' },
        closed: { type: 'bool' },
        labels: { type: 'map' },
        tags: { type: 'list' },
        lid: { type: 'block', block: { arguments: { colour: { type: 'string', required: true } } } },
        item: { type: 'block', many: true, block: { arguments: { what: { type: 'string' } } } },
      },
      attributes: ['id'],
    },
  },
}

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'almagest-hcl-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  return folder
}

async function schemaProblems(body: string): Promise<string[]> {
  const folder = await folderWith({ 'main.tf': `resource "google_box" "b" {\n${body}\n}\n` })
  return checkSchema(await readConfiguration(folder), schema)
}

const where = 'main.tf: resource.google_box.b'

test.each([
  ['name = "b"', []],
  ['name = var.name\n size = var.size\n lid {\n colour = "red"\n }\n item {\n }\n item {\n what = "egg"\n }', []],
  ['name = "b"\n count = 2\n depends_on = [google_box.c]\n lifecycle {\n prevent_destroy = true\n }', []],
  ['', [`${where}: missing required name`]],
  ['name = "b"\n nmae = "b"', [`${where}: unknown argument nmae`]],
  [
    'name = "b"\n lid {\n color = "red"\n }',
    [`${where}.lid: unknown argument color`, `${where}.lid: missing required colour`],
  ],
  ['name = "b"\n lid = "red"', [`${where}.lid: is a block, not a value`]],
  ['name = "b"\n lid {\n colour = "a"\n }\n lid {\n colour = "b"\n }', [`${where}.lid: may occur once`]],
  ['name = "b"\n size = "big"', [`${where}.size: is a number, not a string`]],
  ['name = "b"\n closed = 1', [`${where}.closed: is a bool, not a number`]],
  ['name = "b"\n tags = "red"', [`${where}.tags: is a list, not a string`]],
  ['name = "b"\n labels = ["red"]', [`${where}.labels: is a map, not a list`]],
  ['name = ["b"]', [`${where}.name: is a string, not a list`]],
  [
    'name = "b"\n dynamic "item" {\n for_each = var.x\n content {\n waht = item.value\n }\n }',
    [`${where}.item: unknown argument waht`],
  ],
])('a block with %j has the problems %j', async (body, problems) => {
  expect(await schemaProblems(body)).toEqual(problems)
})

test('a block of the provider that is not in the schema is told, one of another provider is left alone', async () => {
  const folder = await folderWith({
    'main.tf': 'resource "google_chest" "c" {}\ndata "google_box" "d" {}\nresource "random_id" "r" {}\n',
  })
  const problems = checkSchema(await readConfiguration(folder), schema)
  expect(problems.sort()).toEqual([
    expect.stringContaining('no data.google_box'),
    expect.stringContaining('no resource.google_chest'),
  ])
})

async function referenceProblems(files: Readonly<Record<string, string>>): Promise<string[]> {
  return checkReferences(await readConfiguration(await folderWith(files)), schema)
}

test.each([
  ['output "o" { value = var.x }', ['main.tf: output.o: there is no var.x']],
  ['output "o" { value = "a-${local.x}-b" }', ['main.tf: output.o: there is no local.x']],
  ['output "o" { value = google_box.b.name }', ['main.tf: output.o: there is no google_box.b']],
  [
    'output "o" { value = { for k in [1] : k => upper(data.google_box.b.id) } }',
    ['main.tf: output.o: there is no data.google_box.b'],
  ],
  ['output "o" { value = module.m.x }', ['main.tf: output.o: there is no module.m']],
  ['output "o" { value = "var.x and google_box.b" }', []],
  ['output "o" { value = upper("local.x \\" ${join("var.y", [])} module.z") }', []],
  ['variable "x" { type = string }', ['.: var.x is used nowhere']],
  ['locals { x = 1 }', ['.: local.x is used nowhere']],
  ['resource "google_box" "b" { name = "b" }\noutput "o" { value = google_box.b[0].id }', []],
  [
    'resource "google_box" "b" { name = "b" }\noutput "o" { value = google_box.b["x"].idd }',
    ['main.tf: output.o: google_box.b has no attribute idd'],
  ],
])('the references of %j have the problems %j', async (text, problems) => {
  expect(await referenceProblems({ 'main.tf': text })).toEqual(problems)
})

test('the call of a module is compared with its variables and outputs', async () => {
  const problems = await referenceProblems({
    'main.tf':
      'module "m" {\n source = "./m"\n extra = 1\n}\nmodule "n" {\n source = "./n"\n}\noutput "o" {\n value = module.m.b\n}\n',
    'm/main.tf':
      'variable "needed" {\n type = string\n}\nvariable "spare" {\n default = 1\n}\noutput "a" {\n value = [var.needed, var.spare]\n}\n',
  })
  expect(problems).toEqual([
    'main.tf: output.o: module m has no output b',
    'main.tf: module.m: the module has no variable extra',
    'main.tf: module.m: needed is not given',
    'main.tf: module.n: there is no module at ./n',
  ])
})

function hasTerraform(): boolean {
  try {
    execFileSync('terraform', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe.skipIf(!hasTerraform())('Terraform itself, with stand-ins for the providers', () => {
  test('finds the configuration valid', { timeout: 90_000 }, async () => {
    const checks = await checkCopy(FOLDER, 'stand-ins', { '.': ['validate'] })
    expect(checks).toMatchObject([{ title: expect.stringContaining('validate'), problems: [], skipped: null }])
  })

  test('finds an argument that the provider does not have', { timeout: 90_000 }, async () => {
    const copy = join(await folderWith({}), 'terraform')
    await cp(FOLDER, copy, { recursive: true, filter: (source) => !source.includes('.terraform') })
    const file = join(copy, 'modules', 'scheduling', 'main.tf')
    await writeFile(file, (await readFile(file, 'utf8')).replace('attempt_deadline', 'attempt_dedline'))
    const [check] = (await checkCopy(copy, 'stand-ins', { '.': ['validate'] }))!
    expect(check!.problems.join('\n')).toContain('attempt_dedline')
  })

  test('an environment file that does not fit what is made is refused in the plan, with all reasons', {
    timeout: 90_000,
  }, async () => {
    const copy = join(await folderWith({ 'terraform/environments/wrong.yaml': WRONG_ENVIRONMENT }), 'terraform')
    await cp(FOLDER, copy, { recursive: true, filter: (source) => !source.includes('.terraform') })
    const file = join(copy, 'tests', 'deployment.tftest.hcl')
    const text = await readFile(file, 'utf8')
    const common = text.slice(0, text.indexOf('run "')).replace('environments/example.yaml', 'environments/wrong.yaml')
    await writeFile(file, `${common.replace('loader_may_swap   = true', '')}\n${WRONG_RUN}`)
    const [check] = (await checkCopy(copy, 'stand-ins', { '.': ['test'] }))!
    const told = check!.problems.join(' ').replaceAll(/\s+/g, ' ')
    for (const reason of REASONS) expect(told).toContain(reason)
    expect(told.match(/Resource precondition failed/g)).toHaveLength(REASONS.length)
  })
})

/** Each of its lines is wrong for what the root makes by default. */
const WRONG_ENVIRONMENT = `
releases: {prefix: dm}
topic: projects/example-project/topics/others
identity: {audience: https://other.run.app}
tap:
  servers:
    elsewhere:
      schemas: [dp1]
      swap: always
      readers: [tap_reader]
      database: {instance: "example-project:us-central1:other", ipType: PSC, user: somebody, name: tap}
    by-url: {schemas: [dp1], databaseUrl: postgresql://u@db/tap, databasePasswordKey: tap-password}
results:
  stateObject: result_state.json
  rules: {results: {kind: result, pattern: '^result_.+$', retention: 31d}}
  limits: {timeBudget: 1h}
`

const WRONG_RUN = `
run "everything_is_wrong" {
  command = plan
  variables {
    results = { retention_days = 30, lifecycle_prefixes = ["result_"] }
  }
}
`

const REASONS = [
  'names no releases bucket: set releases.bucket',
  'topic of the environment file is projects/example-project/topics/others',
  'The functions may reach example-project:us-central1:almagest-tap only. Other instances, which would be reached by databaseUrl, are named by: tap.servers.elsewhere (example-project:us-central1:other)',
  'database.user must be DATABASE_USER, which Terraform replaces',
  'which must be among the readers (or public, which is everybody) of: elsewhere',
  'ip_type is PRIVATE, but database.ipType (PRIVATE unless given) is another one in: elsewhere',
  'load-release is to swap by itself, but loader_may_swap is false: elsewhere (swap: always)',
  'lacks https://almagest-collect-results-123456789012.us-central1.run.app, https://almagest-swap-schema-123456789012.us-central1.run.app',
  'to the functions that need them: tap-password (load-release), tap-password (swap-schema), tap-password (discovery)',
  'There are results among the variables, but no results.bucket in the environment file',
  'results.retention_days is 30, but a rule of the environment file keeps results longer: 31d',
  'results.limits.timeBudget is 1h: at most 28m',
  'results.lifecycle_prefixes may not fit the state of the sweep, result_state.json',
]
