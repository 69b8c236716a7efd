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
})
