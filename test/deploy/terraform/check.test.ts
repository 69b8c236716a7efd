// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of HCL are quoted here
import { execFileSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { checkCopy } from '../../../deploy/terraform/run-terraform.ts'

const FOLDER = join(import.meta.dirname, '../..', '..', 'terraform')

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'almagest-hcl-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  return folder
}

function hasTerraform(): boolean {
  try {
    execFileSync('terraform', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const VALID = `
terraform {
  required_providers {
    google = { source = "hashicorp/google" }
  }
}
variable "known" { type = set(string) }
resource "google_pubsub_topic" "valid" { name = "t" }
module "valid" { source = "./valid" }
`

const bucket = (name: string, body: string) =>
  `resource "google_storage_bucket" "${name}" {\n  name = "b"\n  location = "EU"\n${body}\n}`

/** What can be wrong with a block or a reference, with what Terraform says of it. */
const MISTAKES: readonly (readonly [text: string, message: string])[] = [
  [bucket('unknown', 'nmae = "b"'), 'An argument named "nmae" is not expected here'],
  ['resource "google_storage_bucket" "missing" {\n  name = "b"\n}', 'The argument "location" is required'],
  [bucket('value', 'versioning = true'), 'Did you mean to define a block of type "versioning"?'],
  [
    bucket('twice', 'logging {\n log_bucket = "a"\n}\nlogging {\n log_bucket = "b"\n}'),
    'No more than 1 "logging" blocks',
  ],
  [bucket('bool', 'force_destroy = 1'), '"force_destroy": bool required'],
  [bucket('map', 'labels = ["a"]'), '"labels": map of string required'],
  [
    bucket('inner', 'autoclass {\n  enabled = true\n  enabbled = true\n}'),
    'An argument named "enabbled" is not expected here',
  ],
  [
    bucket('dynamic', 'dynamic "cors" {\n  for_each = var.known\n  content {\n    methood = ["GET"]\n  }\n}'),
    'An argument named "methood" is not expected here',
  ],
  [
    'resource "google_pubsub_subscription" "number" {\n  name = "s"\n  topic = "t"\n  ack_deadline_seconds = "long"\n}',
    '"ack_deadline_seconds": a number is required',
  ],
  [
    'resource "google_storage_notification" "list" {\n  bucket = "b"\n  topic = "t"\n  payload_format = "N"\n  event_types = "O"\n}',
    '"event_types": list of string required',
  ],
  ['resource "google_pubsub_topic" "text" {\n  name = ["t"]\n}', '"name": string required'],
  ['resource "google_chest" "kind" {}', 'does not support resource type "google_chest"'],
  ['data "google_chest" "kind" {}', 'does not support data source "google_chest"'],
  ['output "v" { value = var.x }', 'An input variable with the name "x" has not been declared'],
  ['output "l" { value = "a-${local.x}-b" }', 'A local value with the name "x" has not been declared'],
  [
    'output "r" { value = google_pubsub_topic.x.name }',
    'A managed resource "google_pubsub_topic" "x" has not been declared',
  ],
  [
    'output "d" { value = { for k in [1] : k => upper(data.google_project.x.number) } }',
    'A data resource "google_project" "x" has not been declared',
  ],
  ['output "m" { value = module.x.y }', 'No module call named "x" is declared'],
  ['output "o" { value = module.valid.x }', 'This object does not have an attribute named "x"'],
  [
    'output "a" { value = google_pubsub_topic.valid.idd }',
    'This object has no argument, nested block, or exported attribute named "idd"',
  ],
]

/** They stop Terraform before it looks at anything else. */
const WRONG_CALLS: readonly (readonly [body: string, message: string])[] = [
  ['', 'The argument "needed" is required'],
  ['needed = "a"\nextra = 1', 'An argument named "extra" is not expected here'],
]

const CALLED = 'variable "needed" {\n  type = string\n}\noutput "a" {\n  value = var.needed\n}\n'

describe.skipIf(!hasTerraform())('Terraform itself, with stand-ins for the providers', () => {
  test('finds the configuration valid', async () => {
    const checks = await checkCopy(FOLDER, 'stand-ins', { '.': ['validate'] })
    expect(checks).toMatchObject([{ title: expect.stringContaining('validate'), problems: [], skipped: null }])
  })

  test.each(MISTAKES)('finds in %j: %s', async (_, message) => {
    expect(await found()).toContain(message)
  })

  test.each(WRONG_CALLS)('finds in the call of a module with %j: %s', async (body, message) => {
    const main = `module "m" {\n  source = "./m"\n${body}\n}\n`
    expect(await problemsOf(await folderWith({ 'main.tf': main, 'm/main.tf': CALLED }))).toContain(message)
  })

  test('finds a module that is not there, and says so', async () => {
    const folder = await folderWith({ 'main.tf': 'module "m" {\n  source = "./m"\n}\n' })
    expect(await problemsOf(folder)).toContain('Unreadable module directory')
  })

  test('an environment file that does not fit what is made is refused in the plan, with all reasons', async () => {
    const copy = join(await folderWith({ 'terraform/environments/wrong.yaml': WRONG_ENVIRONMENT }), 'terraform')
    await cp(FOLDER, copy, { recursive: true, filter: (source) => !source.includes('.terraform') })
    const file = join(copy, 'tests', 'deployment.tftest.hcl')
    const text = await readFile(file, 'utf8')
    const common = text.slice(0, text.indexOf('run "')).replace('environments/example.yaml', 'environments/wrong.yaml')
    await writeFile(file, `${common.replace('loader_may_swap   = true', '')}\n${WRONG_RUN}`)
    const [check] = await checkCopy(copy, 'stand-ins', { '.': ['test'] })
    const refusal = check!.problems.join(' ').replaceAll(/\s+/g, ' ')
    for (const reason of REASONS) expect(refusal).toContain(reason)
    expect(refusal.match(/Resource precondition failed/g)).toHaveLength(REASONS.length)
  })
})

async function problemsOf(folder: string): Promise<string> {
  const checks = await checkCopy(folder, 'stand-ins', { '.': ['validate'] })
  return checks
    .flatMap(({ problems }) => problems)
    .join(' ')
    .replaceAll(/\s+/g, ' ')
}

let foundOnce: Promise<string> | undefined

/** All mistakes are looked for at once, in one configuration. */
function found(): Promise<string> {
  foundOnce ??= folderWith({
    'valid/main.tf': '',
    'main.tf': [VALID, ...MISTAKES.map(([text]) => text)].join('\n'),
  }).then(problemsOf)
  return foundOnce
}

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
