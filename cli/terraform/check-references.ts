import { join, normalize } from 'node:path'
import { type Block, type Module, nameOf, textsIn } from './configuration.ts'
import type { BlockName, ProviderSchema } from './schema.ts'

/**
 * Looks up what expressions name: variables, locals, resources and their attributes, modules and their outputs; and for
 * each call of a module its variables. `terraform validate` does that too, but only where the providers are installed.
 *
 * @returns a sentence for each thing that is not there, and for each variable and local that nobody uses
 */
export function checkReferences(modules: readonly Module[], schema: ProviderSchema): string[] {
  return modules.flatMap((module) => {
    const scope = readScope(module)
    const used = module.blocks.map((block) => ({ block, names: referencesOf(block) }))
    return [
      ...used.flatMap(({ block, names }) =>
        names.flatMap((name) => checkReference(name, scope, modules, schema, block)),
      ),
      ...module.blocks.flatMap((block) => (block.kind === 'module' ? checkCall(block, module, modules) : [])),
      ...findUnused(
        scope,
        used.flatMap(({ names }) => names),
      ).map((name) => `${module.folder}: ${name} is used nowhere`),
    ]
  })
}

interface Scope {
  readonly module: Module
  readonly variables: ReadonlySet<string>
  readonly locals: ReadonlySet<string>
  /** `google_storage_bucket.releases`, `data.google_project.this`, `ephemeral.random_password.init`. */
  readonly resources: ReadonlySet<string>
  /** Folder of each module that is called. */
  readonly calls: ReadonlyMap<string, string>
}

function readScope(module: Module): Scope {
  const { blocks, folder } = module
  const labelled = (kind: string) => blocks.filter((block) => block.kind === kind)
  return {
    module,
    variables: new Set(labelled('variable').map(({ labels }) => labels[0] ?? '')),
    locals: new Set(labelled('locals').flatMap(({ body }) => Object.keys(body))),
    resources: new Set([
      ...labelled('resource').map(({ labels }) => labels.join('.')),
      ...['data', 'ephemeral'].flatMap((kind) => labelled(kind).map(({ labels }) => [kind, ...labels].join('.'))),
    ]),
    calls: new Map(labelled('module').map((call) => [call.labels[0] ?? '', folderOf(call, folder)])),
  }
}

function folderOf(call: Block, folder: string): string {
  return normalize(join(folder, String(call.body.source)))
}

const REFERENCE =
  /(?<![\w.$-])((?:var|local|module)\.\w+|(?:(?:data|ephemeral)\.)?(?:google|random|archive)_\w+\.\w+)((?:\[[^\]]*\]|\.\w+)*)/g

interface Reference {
  readonly name: string
  /** The first attribute after it. */
  readonly attribute: string | undefined
}

function referencesOf(block: Block): Reference[] {
  return textsIn(block.body)
    .filter((text) => text.includes('${'))
    .flatMap((text) => [...expressionsOf(text).matchAll(REFERENCE)])
    .map(([, name = '', rest = '']) => ({ name, attribute: /^(?:\[[^\]]*\])?\.(\w+)/.exec(rest)?.[1] }))
}

/** The expressions of a template, without the plain text in quotes, in which a name is only a word. */
function expressionsOf(template: string): string {
  const outer: ('text' | 'expression' | 'brace')[] = []
  let mode: 'text' | 'expression' | 'brace' = 'text'
  let found = ''
  const enter = (next: typeof mode) => {
    outer.push(mode)
    mode = next
  }
  for (let at = 0; at < template.length; at++) {
    const character = template[at]
    if (mode === 'text') {
      if (character === '\\') at++
      else if (character === '"' && outer.length > 0) mode = outer.pop() ?? 'text'
      else if (template.startsWith('${', at)) {
        enter('expression')
        found += ' '
        at++
      }
    } else if (character === '"') enter('text')
    else if (character === '{') enter('brace')
    else if (character === '}') mode = outer.pop() ?? 'text'
    else found += character
  }
  return found
}

function checkReference(
  { name, attribute }: Reference,
  scope: Scope,
  modules: readonly Module[],
  schema: ProviderSchema,
  block: Block,
): string[] {
  const [kind, label = ''] = name.split('.')
  const missing = [`${nameOf(block)}: there is no ${name}`]
  if (kind === 'var') return scope.variables.has(label) ? [] : missing
  if (kind === 'local') return scope.locals.has(label) ? [] : missing
  if (kind === 'module') {
    const called = modules.find(({ folder }) => folder === scope.calls.get(label))
    if (called === undefined) return missing
    const outputs = called.blocks.filter((candidate) => candidate.kind === 'output').map(({ labels }) => labels[0])
    const known = attribute === undefined || outputs.includes(attribute)
    return known ? [] : [`${nameOf(block)}: module ${label} has no output ${attribute}`]
  }
  if (!scope.resources.has(name)) return missing
  const type: BlockName = kind === 'data' ? `data.${label}` : `resource.${kind}`
  const known = schema.blocks[type]
  if (known === undefined || attribute === undefined) return []
  const has = attribute in known.arguments || known.attributes?.includes(attribute) === true
  return has ? [] : [`${nameOf(block)}: ${name} has no attribute ${attribute}`]
}

const CALL_META = ['source', 'version', 'count', 'for_each', 'providers', 'depends_on']

function checkCall(call: Block, module: Module, modules: readonly Module[]): string[] {
  const called = modules.find(({ folder }) => folder === folderOf(call, module.folder))
  if (called === undefined) return [`${nameOf(call)}: there is no module at ${String(call.body.source)}`]
  const variables = called.blocks.filter(({ kind }) => kind === 'variable')
  const given = Object.keys(call.body).filter((name) => !CALL_META.includes(name))
  const known = variables.map(({ labels }) => labels[0])
  const required = variables.filter(({ body }) => !('default' in body)).map(({ labels }) => labels[0] ?? '')
  return [
    ...given
      .filter((name) => !known.includes(name))
      .map((name) => `${nameOf(call)}: the module has no variable ${name}`),
    ...required.filter((name) => !given.includes(name)).map((name) => `${nameOf(call)}: ${name} is not given`),
  ]
}

function findUnused({ variables, locals }: Scope, used: readonly Reference[]): string[] {
  const names = new Set(used.map(({ name }) => name))
  const declared = [...[...variables].map((name) => `var.${name}`), ...[...locals].map((name) => `local.${name}`)]
  return declared.filter((name) => !names.has(name))
}
