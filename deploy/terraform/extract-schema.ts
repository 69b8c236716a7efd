/**
 * Makes provider-schema.json out of the types that CDK Terrain publishes for the provider. That package is 200 MB, so it is
 * not a dependency. When another block or another version of the provider is used, look up which version of
 * `cdktn-provider-google` describes it (20.2.0: provider 7.45.0), then in an empty folder:
 *
 *     pip download --no-deps cdktn-provider-google==20.2.0
 *     unzip -j cdktn_provider_google-*.whl '*.jsii.tgz' && tar -xzf provider-google@*.jsii.tgz
 *     node deploy/terraform/extract-schema.ts FOLDER/package
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readConfiguration } from './configuration.ts'
import type { ArgumentSchema, BlockName, BlockSchema, ProviderSchema } from './schema.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const PLAIN: ReadonlyMap<string, ArgumentSchema['type']> = new Map([
  ['string', 'string'],
  ['number', 'number'],
  ['boolean', 'bool'],
])
const [, , library] = process.argv
if (library === undefined) throw new Error('usage: node deploy/terraform/extract-schema.ts FOLDER/package')

const modules = await readConfiguration(join(ROOT, 'terraform'))
const words = new Set(JSON.stringify(modules).match(/\w+/g))
const used = usedBlocks()
const { cdktn } = JSON.parse(readFileSync(join(library, 'package.json'), 'utf8')) as { cdktn: LibraryDescription }
const schema: ProviderSchema = {
  provider: cdktn.provider.name,
  version: cdktn.provider.version,
  blocks: Object.fromEntries(used.map((name) => [name, extractBlock(join(library, 'lib', folderOf(name)))])),
}
writeFileSync(join(import.meta.dirname, 'provider-schema.json'), `${JSON.stringify(schema, null, 2)}\n`)
console.log(`${used.length} blocks of ${schema.provider} ${schema.version}`)

interface LibraryDescription {
  readonly provider: { readonly name: string; readonly version: string }
}

function usedBlocks(): BlockName[] {
  const names = modules.flatMap(({ blocks }) =>
    blocks.flatMap(({ kind, labels: [type = ''] }): BlockName[] =>
      (kind === 'resource' || kind === 'data') && type.startsWith('google_') ? [`${kind}.${type}`] : [],
    ),
  )
  return [...new Set(names)].sort()
}

/** `resource.google_storage_bucket` → `storage-bucket`, `data.google_project` → `data-google-project`. */
function folderOf(name: BlockName): string {
  const [kind, type = ''] = name.split('.')
  return (kind === 'data' ? `data-${type}` : type.replace(/^google_/, '')).replaceAll('_', '-')
}

function extractBlock(folder: string): BlockSchema {
  const text = readFileSync(join(folder, 'index.d.ts'), 'utf8')
  const interfaces = new Map(
    [...text.matchAll(/export interface (\w+)(?: extends [\w.]+)? \{\n([\s\S]*?)\n\}/g)].map(
      ([, name = '', body = '']) => [name, body],
    ),
  )
  const root = /export interface (\w+) extends cdktn\.TerraformMetaArguments/.exec(text)?.[1]
  const body = root === undefined ? undefined : interfaces.get(root)
  if (body === undefined) throw new Error(`${folder} describes no block`)
  const main = text.slice(text.lastIndexOf('export declare class'))
  const getters = [...main.matchAll(/^ {4}get (\w+)\(\)/gm)].map(([, name = '']) => toSnake(name))
  const block = readInterface(body, interfaces)
  const attributes = getters.filter((name) => !name.endsWith('_input') && !(name in block.arguments)).sort()
  return { ...block, attributes }
}

function readInterface(body: string, interfaces: ReadonlyMap<string, string>): BlockSchema {
  const fields = [...body.matchAll(/readonly (\w+)(\??): ([^;{]+|\{[^}]*\})/g)]
  return {
    arguments: Object.fromEntries(
      fields.map(([, name = '', optional = '', type = '']) => [
        toSnake(name),
        readArgument(toSnake(name), type.trim(), optional === '', interfaces),
      ]),
    ),
  }
}

/** Of a block that is used nowhere only its name is kept. */
function readArgument(
  name: string,
  type: string,
  required: boolean,
  interfaces: ReadonlyMap<string, string>,
): ArgumentSchema {
  const must = required ? ({ required: true } as const) : {}
  const inner = interfaces.get(/^\w+/.exec(type)?.[0] ?? '')
  if (inner !== undefined) {
    const many = /^\w+\[\]/.test(type) ? ({ many: true } as const) : {}
    return { type: 'block', ...must, ...many, ...(words.has(name) && { block: readInterface(inner, interfaces) }) }
  }
  const plain = type.startsWith('{') ? 'map' : /\[\]/.test(type) ? 'list' : PLAIN.get(type.split(' ')[0] ?? '')
  if (plain === undefined) throw new Error(`the type ${type} is not understood`)
  return { type: plain, ...must }
}

function toSnake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
