import { type Block, isExpression, type Module, type Value } from './configuration.ts'

/** One grant, in words. */
export interface Grant {
  readonly principal: string
  readonly role: string
  readonly on: string
  readonly condition: string | null
  readonly block: Block
}

/** Every grant of the modules, as they are called from the root. */
export function listGrants(modules: readonly Module[]): readonly Grant[] {
  return modules.flatMap((module) =>
    module.blocks
      .filter(({ kind, labels }) => kind === 'resource' && labels[0]?.endsWith('_iam_member'))
      .flatMap((block) => describeGrants(block, { module, modules })),
  )
}

/** The table of terraform/README.md. */
export function formatGrants(grants: readonly Grant[]): string {
  const rows = grants.map(({ principal, role, on, condition }) => [principal, role, on, condition ?? ''])
  const lines = [...new Set(rows.map((cells) => `| ${cells.join(' | ')} |`))].sort()
  return ['| who | may, by role | on | only if |', '|---|---|---|---|', ...lines].join('\n')
}

interface Context {
  readonly module: Module
  readonly modules: readonly Module[]
}

function describeGrants(block: Block, context: Context): Grant[] {
  const { body, labels } = block
  const condition = (body.condition as readonly { readonly expression: string }[] | undefined)?.[0]?.expression
  return rolesOf(body.role, block, context).map((role) => ({
    principal: describePrincipal(String(body.member), block, context),
    role: `\`${role}\``,
    on: describeTarget(labels[0] ?? '', block, context),
    condition: condition === undefined ? describeSwitch(body.count, context) : describeCondition(condition, context),
    block,
  }))
}

/** A role per grant, or `each.value` of a set that is written out. */
function rolesOf(role: Value | undefined, block: Block, { module }: Context): string[] {
  const text = String(role)
  const custom = /google_project_iam_custom_role\.(\w+)|\/roles\/almagest_(\w+)$/.exec(text)?.slice(1).find(Boolean)
  if (custom !== undefined) return [`custom role ${custom}`]
  if (!isExpression(text)) return [text]
  const set = expandLocal(String(block.body.for_each), module)
  return [...set.matchAll(/"(roles\/[\w.]+)"/g)].map(([, name = '']) => name)
}

function expandLocal(expression: string, module: Module): string {
  const name = /^\$\{local\.(\w+)\}$/.exec(expression)?.[1]
  const definition = module.blocks.find(({ kind, body }) => kind === 'locals' && name !== undefined && name in body)
  return name === undefined ? expression : JSON.stringify(definition?.body[name] ?? '').replaceAll('\\"', '"')
}

/** What an expression for a member means; the first row that fits decides. */
const PRINCIPALS: readonly (readonly [RegExp, (match: RegExpExecArray) => string])[] = [
  [/^allUsers$/, () => '**everybody**'],
  [
    /var\.(\w+) \? toset\(\["allUsers"\]\) : var\.(\w+)/,
    ([, flag, set]) => `members of \`${set}\`, or **everybody** with \`${flag}\``,
  ],
  [
    /for name in concat\(\[([^\]]+)\], var\.(\w+) \? \[([^\]]+)\] : \[\], var\.(\w+) == null \? \[\] : \[([^\]]+)\]\) : name => module\.functions\.accounts/,
    ([, names = '', flag, more = '', section, last = '']) =>
      `${unquote(names)}; with \`${flag}\` ${unquote(more)}; with \`${section}\` ${unquote(last)}`,
  ],
  [/accounts\["([\w-]+)"\]/, ([, name = '']) => name],
  [/for name in \[([^\]]+)\] : name => module\.functions\.accounts/, ([, names = '']) => unquote(names)],
  [/module\.functions\.accounts/, () => 'every function with a database on the instance'],
  [/google_service_account\.function/, () => 'the functions that name the secret'],
  [/google_service_account\.(\w+)/, ([, name = '']) => `account ${name}`],
  [/pubsub_agent/, () => 'service agent of Pub/Sub'],
  [/google_storage_project_service_account/, () => 'service agent of Cloud Storage'],
  [/\bvar\.(results\.\w+|\w+)/, ([, name = '']) => `members of \`${name}\``],
]

function unquote(names: string): string {
  return names.replaceAll('"', '')
}

function describePrincipal(member: string, block: Block, context: Context): string {
  const source = /each\.(value|key)\.?\w*/.test(member) ? String(block.body.for_each) : member
  const expression = /google_service_account/.test(member) ? member : resolveVariable(source, context)
  for (const [pattern, describe] of PRINCIPALS) {
    const match = pattern.exec(expression)
    if (match !== null) return describe(match)
  }
  throw new Error(`${block.file}: nobody knows who ${member} is`)
}

/** `${var.collector}` → what the root hands to the module for it. */
function resolveVariable(expression: string, { module, modules }: Context): string {
  const name = /.*\bvar\.(\w+)/s.exec(expression)?.[1]
  const root = modules.find(({ folder }) => folder === '.')
  const call = root?.blocks.find(({ kind, body }) => kind === 'module' && body.source === `./${module.folder}`)
  const given = name === undefined ? undefined : call?.body[name]
  return given === undefined ? expression : typeof given === 'string' ? given : JSON.stringify(given)
}

/** The argument that names the resource, and what it is called. */
const TARGETS: Readonly<Record<string, readonly [argument: string, noun: string]>> = {
  google_artifact_registry_repository_iam_member: ['repository', 'image repository'],
  google_cloud_run_v2_service_iam_member: ['name', 'function'],
  google_cloud_tasks_queue_iam_member: ['name', 'task queue'],
  google_project_iam_member: ['project', 'the project'],
  google_pubsub_subscription_iam_member: ['subscription', 'subscription'],
  google_pubsub_topic_iam_member: ['topic', 'topic'],
  google_secret_manager_secret_iam_member: ['secret_id', 'secret'],
  google_service_account_iam_member: ['service_account_id', 'account'],
  google_storage_bucket_iam_member: ['bucket', 'bucket'],
}

function describeTarget(type: string, block: Block, { module }: Context): string {
  const [argument, noun] = TARGETS[type] ?? []
  if (argument === undefined || noun === undefined) throw new Error(`${block.file}: ${type} is not in TARGETS`)
  if (argument === 'project') return noun
  const text = String(block.body[argument])
  const named = /\["([\w-]+)"\]/.exec(text)?.[1] ?? /google_\w+\.(\w+)/.exec(text)?.[1]
  if (named !== undefined) return `${noun} ${named.replaceAll('_', '-')}`
  if (/state_bucket/.test(text)) return `${noun} of \`results.stateBucket\``
  if (/^\$\{local\.bucket\}$/.test(text)) return `${noun} ${module.folder.split('/').at(-1)}`
  if (/each\.value/.test(text)) return NAMED_BY_EACH[argument] ?? 'each account that runs something'
  return `${noun} of \`${/var\.(\w+)/.exec(text)?.[1] ?? text}\``
}

/** What `each.value` names, by the argument. */
const NAMED_BY_EACH: Readonly<Record<string, string>> = {
  secret_id: 'each of its secrets',
  bucket: 'the buckets of `service.jobs`',
}

/** `count = var.public ? 1 : 0` */
function describeSwitch(count: Value | undefined, context: Context): string | null {
  const name = /^\$\{var\.(\w+) \? 1 : 0\}$/.exec(String(count))?.[1]
  if (name === undefined) return null
  const given = resolveVariable(`\${var.${name}}`, context)
  return `\`${/var\.([\w.]+)/.exec(given)?.[1] ?? name}\``
}

const CONDITIONS: readonly (readonly [RegExp, string])[] = [
  [/local\.iam_condition|sqladmin/, 'the Cloud SQL instance of the deployment'],
  [/state_object/, 'the object that holds the state of the sweep'],
  [/objects\/plans\//, 'objects below `plans/`'],
  [/modifiedGrantsByRole/, 'it grants or takes one of the project roles of this table that functions have'],
]

function describeCondition(expression: string, { module }: Context): string {
  const found = CONDITIONS.find(([pattern]) => pattern.test(expression))
  if (found === undefined) throw new Error(`${module.folder}: the condition ${expression} is not in CONDITIONS`)
  return found[1]
}
