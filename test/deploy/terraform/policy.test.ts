// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of HCL and sources are quoted here
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Block, type Body, bodiesOf, readConfiguration, textsIn } from '../../../deploy/terraform/configuration.ts'
import { listGrants } from '../../../deploy/terraform/iam-table.ts'
import type { ProviderSchema } from '../../../deploy/terraform/schema.ts'
import { parseEnvironment } from '../../../shared/environment/parse.ts'

const root = join(import.meta.dirname, '../..', '..')
const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8')
const modules = await readConfiguration(join(root, 'terraform'))
const blocks = modules.flatMap((module) => module.blocks)
const grants = listGrants(modules)
const schema = JSON.parse(read('deploy', 'terraform', 'provider-schema.json')) as ProviderSchema

function resources(type: string): Block[] {
  const found = blocks.filter(({ kind, labels }) => kind === 'resource' && labels[0] === type)
  expect(found, type).not.toEqual([])
  return found
}

function localOf(folder: string, name: string): Body {
  const { blocks: within } = modules.find((module) => module.folder === folder)!
  return within.find(({ kind, body }) => kind === 'locals' && name in body)!.body[name] as Body
}

const functions = localOf('modules/functions', 'functions') as Record<
  string,
  { max_instances: number; concurrency: number }
>

test('the provider is pinned to the version whose schema is checked', () => {
  const pins = blocks
    .filter(({ kind }) => kind === 'terraform')
    .flatMap(({ body }) => bodiesOf(body.required_providers))
  const [major, minor] = schema.version.split('.')
  expect(pins.length).toBe(2)
  for (const pin of pins) expect(pin.google).toMatchObject({ version: `~> ${major}.${minor}` })
})

test('no key of a service account is made, and no grant takes others away', () => {
  const kinds = new Set(blocks.map(({ labels }) => labels[0] ?? ''))
  const wrong = [...kinds].filter((kind) => /service_account_key|_iam_(policy|binding)$/.test(kind))
  expect(wrong).toEqual([])
})

test('every function runs as an account of its own and logs in as a user of its own', () => {
  const [service] = resources('google_cloud_run_v2_service')
  const [account] = resources('google_service_account').filter(({ labels }) => labels[1] === 'function')
  const [user] = resources('google_sql_user').filter(({ labels }) => labels[1] === 'function')
  expect(service!.body.for_each).toBe(account!.body.for_each)
  const [template] = bodiesOf(service!.body.template)
  expect(template!.service_account).toBe('${google_service_account.function[each.key].email}')
  expect(user!.body).toMatchObject({ for_each: '${var.accounts}', name: '${each.value.database_user}' })
})

test('those who call in the name of Pub/Sub and Cloud Scheduler may call what is theirs, and nothing else', () => {
  const invoker = grants.filter(({ role }) => role === '`roles/run.invoker`')
  const of = (name: string) => invoker.filter(({ principal }) => principal === `account ${name}`).map(({ on }) => on)
  expect(of('push')).toEqual(['function load-release'])
  expect(of('scheduler')).toEqual(['function collect-results'])
  expect(of('queries')).toEqual(['function run-query', 'function watch-queries'])
})

test('the functions of the table are the folders of functions/', async () => {
  const { functionNames } = await import('../../../deploy/bundles/bundle.ts')
  expect(Object.keys(functions).sort()).toEqual([...(await functionNames())].sort())
})

test('a function that must not run twice at once has one instance; a load is one at a time', () => {
  for (const name of ['load-release', 'swap-schema', 'collect-results', 'watch-queries'])
    expect(functions[name]!.max_instances).toBe(1)
  expect(functions['load-release']!.concurrency).toBe(1)
})

test('no subscription expires', () => {
  for (const subscription of resources('google_pubsub_subscription')) {
    expect(subscription.body.expiration_policy).toEqual([{ ttl: '' }])
  }
})

test('dead letters raise an alert', () => {
  const alerts = resources('google_monitoring_alert_policy').map(({ body }) => JSON.stringify(body))
  expect(alerts.filter((text) => text.includes('${var.dead_letter_subscription}'))).toHaveLength(1)
})

test('the push subscription proves who it is, waits long enough for a load and tries again ever more slowly', () => {
  const [push] = resources('google_pubsub_subscription').filter(({ body }) => 'push_config' in body)
  const [config] = bodiesOf(push!.body.push_config)
  expect(bodiesOf(config!.oidc_token)).toHaveLength(1)
  expect(push!.body.ack_deadline_seconds).toBe(600)
  expect(functions).toMatchObject({ 'load-release': { timeout: expect.toSatisfy((seconds: number) => seconds < 600) } })
  expect(push!.body.retry_policy).toEqual([{ minimum_backoff: '10s', maximum_backoff: '600s' }])
})

test('the results bucket keeps no deleted objects, and deletes by itself only after the sweep should have', () => {
  const [bucket] = resources('google_storage_bucket').filter(({ file }) => file.startsWith('modules/results/'))
  expect(bucket!.body.versioning).toBeUndefined()
  expect(bucket!.body.soft_delete_policy).toEqual([{ retention_duration_seconds: 0 }])
  const conditions = bodiesOf(bucket!.body.lifecycle_rule).flatMap(({ condition }) => bodiesOf(condition))
  expect(conditions).toContainEqual({
    age: '${var.retention_days + var.margin_days}',
    matches_prefix: '${var.lifecycle_prefixes}',
  })
})

test('the database is not reachable from outside, can be restored to any second, and is hard to delete', () => {
  const [instance] = resources('google_sql_database_instance')
  const [settings] = bodiesOf(instance!.body.settings)
  expect(bodiesOf(settings!.ip_configuration)).toMatchObject([{ ipv4_enabled: false, ssl_mode: 'ENCRYPTED_ONLY' }])
  expect(bodiesOf(settings!.backup_configuration)).toMatchObject([
    { enabled: true, point_in_time_recovery_enabled: true },
  ])
  expect(bodiesOf(settings!.database_flags)).toContainEqual({ name: 'cloudsql.iam_authentication', value: 'on' })
  expect(bodiesOf(instance!.body.lifecycle)).toMatchObject([{ prevent_destroy: true }])
})

test('no password is in the state', () => {
  const [init] = resources('google_sql_user').filter(({ body }) => body.type === 'BUILT_IN')
  expect(Object.keys(init!.body)).not.toContain('password')
  for (const { body } of resources('google_secret_manager_secret_version'))
    expect(Object.keys(body)).not.toContain('secret_data')
  expect(blocks.filter(({ kind, labels }) => kind === 'resource' && labels[0]?.startsWith('random_'))).toEqual([])
})

test('init runs after the users, databases and its own rights are there', () => {
  const [job] = resources('google_cloud_run_v2_job')
  expect(textsIn(job!.body.depends_on!)).toEqual(
    expect.arrayContaining([
      '${google_sql_user.function}',
      '${google_sql_database.tap}',
      '${google_project_iam_member.init_client}',
    ]),
  )
})

/** The value that a tfvars file gives, as text. */
function variable(name: string): string {
  return new RegExp(`^${name} *= (.*)$`, 'm').exec(read('terraform', 'environments', 'example.tfvars'))![1]!
}

test('the connections of all functions fit the database, in the example environment', () => {
  const { environment } = parseEnvironment('example.yaml', read('terraform', 'environments', 'example.yaml'))
  const perInstance = [...environment!.servers.values()].reduce((sum, { database }) => sum + database.poolMax, 0)
  const instances = ['load-release', 'swap-schema', 'discovery'].reduce(
    (sum, name) => sum + functions[name]!.max_instances,
    0,
  )
  const other = blocks.find(({ kind, labels }) => kind === 'variable' && labels[0] === 'other_connections')!.body
    .default
  expect(instances * perInstance + Number(other)).toBeLessThanOrEqual(Number(variable('max_connections')))
})

test.each(['environments/example.yaml', 'tests/environments/alm-dev.yaml', 'tests/environments/existing.yaml'])(
  'the environment file %s can be used',
  (path) => {
    const { environment, problems } = parseEnvironment(path, read('terraform', path))
    expect(problems).toEqual([])
    expect(environment!.servers.size).toBeGreaterThan(1)
  },
)
