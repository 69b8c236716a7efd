// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of HCL are quoted here
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Block,
  type Body,
  bodiesOf,
  isExpression,
  type Module,
  nameOf,
  textsIn,
  type Value,
} from '../../../deploy/terraform/configuration.ts'
import { formatGrants, listGrants } from '../../../deploy/terraform/iam-table.ts'

const ROOT = join(import.meta.dirname, '../..', '..')
const read = (...path: string[]) => readFileSync(join(ROOT, ...path), 'utf8')

/** What must hold for the configuration: each rule returns what breaks it. */
export type Rule = (modules: readonly Module[]) => string[]

function resources(modules: readonly Module[], type: string): readonly Block[] {
  return modules.flatMap(({ blocks }) => blocks).filter(({ kind, labels }) => kind === 'resource' && labels[0] === type)
}

function namesWhere(blocks: readonly Block[], isWrong: (body: Body, block: Block) => boolean): string[] {
  return blocks.filter((block) => isWrong(block.body, block)).map(nameOf)
}

/** Roles that say nothing about one thing, or open everything of a kind, when they are bound to the project. */
const TOO_WIDE =
  /^`roles\/(editor|owner|viewer|storage\.|run\.invoker|pubsub\.(publisher|subscriber)|iam\.serviceAccount(User|TokenCreator)|secretmanager\.(admin|secretAccessor))/

/** test/terraform/startup-probe.test.ts asks every function for it. */
export const HEALTH = '/healthz'

export const RULES: Readonly<Record<string, Rule>> = {
  'every variable and every local is used': (modules) =>
    modules.flatMap(({ folder, blocks }) => {
      const declared = blocks.flatMap(({ kind, labels, body }) =>
        kind === 'variable'
          ? [`var.${labels[0]}`]
          : kind === 'locals'
            ? Object.keys(body).map((name) => `local.${name}`)
            : [],
      )
      const expressions = blocks.flatMap(({ body }) => textsIn(body).filter(isExpression))
      const used = new Set(expressions.flatMap((text) => text.match(/(?<![\w.-])(var|local)\.\w+/g) ?? []))
      return declared.filter((name) => !used.has(name)).map((name) => `${folder}: ${name} is used nowhere`)
    }),
  'the table of grants in the README is that of the files': (modules) => {
    const table = `<!-- grants -->\n\n${formatGrants(listGrants(modules))}\n\n<!-- end -->`
    return read('terraform', 'README.md').includes(table) ? [] : ['run node deploy/terraform/write-iam-table.ts']
  },
  'no role is wider than it must be': (modules) =>
    listGrants(modules)
      .filter(({ on, role }) => on === 'the project' && TOO_WIDE.test(role))
      .map(({ block, role }) => `${nameOf(block)}: ${role}`),
  'project roles of Cloud SQL are narrowed to the instance, except for the account that deploys it': (modules) =>
    listGrants(modules)
      .filter(({ role, condition }) => role.includes('roles/cloudsql.') && condition === null)
      .map(({ principal, role }) => `${principal} ${role}`)
      .filter((grant) => grant !== 'account deploy `roles/cloudsql.admin`'),
  'only what the environment says is open to everybody': (modules) =>
    listGrants(modules)
      .filter(({ principal, condition }) => principal === '**everybody**' && !/public`$/.test(condition ?? ''))
      .map(({ block }) => nameOf(block)),
  'every function runs as an account of its own': (modules) => {
    const accounts = new Map(resources(modules, 'google_service_account').map((block) => [block.labels[1], block.body]))
    return namesWhere(resources(modules, 'google_cloud_run_v2_service'), ({ for_each, template }) => {
      const [{ service_account } = {}] = bodiesOf(template)
      const name = /^\$\{google_service_account\.(\w+)\[each\.key\]\.email\}$/.exec(String(service_account))?.[1]
      return name === undefined || for_each === undefined || accounts.get(name)?.for_each !== for_each
    })
  },
  'no service waits for a build that nobody makes': (modules) =>
    namesWhere(
      resources(modules, 'google_cloud_run_v2_service'),
      ({ build_config, template }) =>
        build_config !== undefined ||
        bodiesOf(template).some(({ containers }) =>
          bodiesOf(containers).some(({ image }) => image !== '${local.images[each.key]}'),
        ),
    ),
  'a deployment ends what was pinned: all traffic goes to the latest revision': (modules) =>
    namesWhere(resources(modules, 'google_cloud_run_v2_service'), ({ traffic }) => {
      const targets = bodiesOf(traffic)
      return (
        targets.length !== 1 ||
        targets[0]?.type !== 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST' ||
        targets[0].percent !== 100
      )
    }),
  'no revision gets traffic before its health route answers': (modules) =>
    namesWhere(
      resources(modules, 'google_cloud_run_v2_service'),
      ({ template }) =>
        !bodiesOf(template)
          .flatMap(({ containers }) => bodiesOf(containers))
          .flatMap(({ startup_probe }) => bodiesOf(startup_probe))
          .flatMap(({ http_get }) => bodiesOf(http_get))
          .some(({ path }) => path === HEALTH),
    ),
  'what is packed for an image has no source maps, and the state holds no bundle': (modules) => {
    const archives = modules
      .flatMap(({ blocks }) => blocks)
      .filter(({ kind, labels }) => kind === 'data' && labels[0] === 'archive_file')
    const packed = archives.filter(({ body }) => 'source_dir' in body)
    return [
      ...(packed.length === 1 ? [] : [`${packed.length} archives of a folder`]),
      ...namesWhere(packed, ({ excludes }) => !textsIn(excludes ?? null).includes('**/*.map')),
      ...namesWhere(archives, ({ source, dynamic }) =>
        textsIn([source ?? null, dynamic ?? null]).some((text) => text.includes('var.bundles')),
      ),
    ]
  },
  'the account that deploys makes no roles: those that are granted are predefined, or made in bootstrap': (modules) => {
    const made = resources(modules, 'google_project_iam_custom_role')
    const ids = made.filter(({ file }) => file.startsWith('bootstrap/')).map(({ body }) => String(body.role_id))
    const named = listGrants(modules).flatMap(
      ({ block }) => /\/roles\/(almagest_\w+)$/.exec(String(block.body.role))?.[1] ?? [],
    )
    return [
      ...made.filter(({ file }) => !file.startsWith('bootstrap/')).map(nameOf),
      ...named.filter((id) => !ids.includes(id)).map((id) => `${id} is not made in bootstrap`),
      ...listGrants(modules)
        .filter(({ role }) => role.includes('roles/iam.roleAdmin'))
        .map(({ block }) => nameOf(block)),
    ]
  },
  'no bucket is emptied when it is deleted: the right to do so is gone by then': (modules) =>
    namesWhere(resources(modules, 'google_storage_bucket'), ({ force_destroy }) => force_destroy !== undefined),
  'a disk that grows by itself does not stand in the way of the next plan': (modules) =>
    namesWhere(
      resources(modules, 'google_sql_database_instance'),
      ({ settings, lifecycle }) =>
        bodiesOf(settings).some(({ disk_autoresize }) => disk_autoresize === true) &&
        !bodiesOf(lifecycle).some(({ ignore_changes }) =>
          textsIn(ignore_changes ?? null).includes('${settings[0].disk_size}'),
        ),
    ),
  'every topic with a subscription has a dead letter, unless it is one': (modules) => {
    const subscriptions = resources(modules, 'google_pubsub_subscription')
    const last = subscriptions.flatMap(({ body }) =>
      bodiesOf(body.dead_letter_policy).map(({ dead_letter_topic }) => dead_letter_topic),
    )
    return namesWhere(
      subscriptions,
      ({ topic, dead_letter_policy }) => !last.includes(topic!) && bodiesOf(dead_letter_policy).length === 0,
    )
  },
  'an upload is delivered often enough to outlast others, and somebody knows long before it is given up': (modules) =>
    resources(modules, 'google_pubsub_subscription').flatMap((subscription) =>
      bodiesOf(subscription.body.dead_letter_policy).flatMap(({ max_delivery_attempts }) => {
        const attempts = Number(max_delivery_attempts)
        const [{ minimum_backoff, maximum_backoff } = {}] = bodiesOf(subscription.body.retry_policy)
        const pauses = Array.from({ length: attempts - 1 }, (_, index) =>
          Math.min(secondsOf(maximum_backoff), secondsOf(minimum_backoff) * 2 ** index),
        )
        const givenUp = pauses.reduce((sum, pause) => sum + pause, 0)
        const alerting = waitingAlerts(modules).filter((seconds) => seconds <= givenUp / 2)
        return attempts >= 20 && attempts <= 50 && alerting.length === 1
          ? []
          : [`${nameOf(subscription)}: ${attempts} attempts in ${givenUp} s, alerts after ${waitingAlerts(modules)} s`]
      }),
    ),
  'the number of tries is the same wherever it is written': (modules) => {
    const policies = resources(modules, 'google_pubsub_subscription').flatMap(({ body }) =>
      bodiesOf(body.dead_letter_policy),
    )
    const [expected = '', ...differing] = new Set(policies.map((policy) => String(policy.max_delivery_attempts)))
    const texts: (readonly [string, string])[] = [
      ...['README.md', 'terraform/README.md', 'docs/deploy.md', 'docs/runbook.md'].map(
        (file) => [file, read(file)] as const,
      ),
      ...namedAlertTexts(modules),
    ]
    const written = texts.map(
      ([where, text]) =>
        [where, [...text.matchAll(/\bafter (\S+)\s+(?:tries|attempts)/g)].map(([, count]) => count)] as const,
    )
    return [
      ...differing.map((count) => `${count} tries in one subscription, ${expected} in another`),
      ...written
        .filter(([where, counts]) => where.endsWith('.md') && counts.length === 0)
        .map(([where]) => `${where} is silent`),
      ...written.flatMap(([where, counts]) =>
        counts
          .filter((count) => count !== (where.endsWith('.md') ? expected : '${var.delivery_attempts}'))
          .map((count) => `${where}: after ${count} tries`),
      ),
    ]
  },
  'every dead-letter topic has a subscription': (modules) => {
    const subscriptions = resources(modules, 'google_pubsub_subscription')
    const topics = subscriptions.map(({ body }) => body.topic)
    return namesWhere(subscriptions, ({ dead_letter_policy }) =>
      bodiesOf(dead_letter_policy).some(({ dead_letter_topic }) => !topics.includes(dead_letter_topic!)),
    )
  },
  'every bucket has uniform access': (modules) =>
    namesWhere(resources(modules, 'google_storage_bucket'), (body) => body.uniform_bucket_level_access !== true),
  'every bucket blocks public access, except where a variable says so': (modules) =>
    namesWhere(
      resources(modules, 'google_storage_bucket'),
      ({ public_access_prevention: prevention }) =>
        prevention !== 'enforced' && prevention !== '${var.public ? "inherited" : "enforced"}',
    ),
  'every bucket ends unfinished uploads': (modules) =>
    namesWhere(
      resources(modules, 'google_storage_bucket'),
      ({ lifecycle_rule }) =>
        !bodiesOf(lifecycle_rule).some(({ action }) =>
          bodiesOf(action).some(({ type }) => type === 'AbortIncompleteMultipartUpload'),
        ),
    ),
  'what is not results can be had again after it was deleted or overwritten': (modules) =>
    namesWhere(
      resources(modules, 'google_storage_bucket').filter(({ labels }) => labels[1] !== 'results'),
      ({ versioning }) => !bodiesOf(versioning).some(({ enabled }) => enabled === true),
    ),
  'more connections than the database takes are refused': (modules) => {
    const always = resources(modules, 'google_sql_user').filter(({ body }) => !('for_each' in body || 'count' in body))
    const checks = always.flatMap(({ body }) => textsIn(body.lifecycle ?? null))
    const isThere = checks.some((text) => /connections \+ var\.other_connections <= var\.max_connections/.test(text))
    return isThere ? [] : ['no google_sql_user that is always there has a precondition for it']
  },
  'every alert links to a section of the documentation that is there': (modules) =>
    resources(modules, 'google_monitoring_alert_policy').flatMap((block) => {
      const urls = bodiesOf(block.body.documentation).flatMap(({ links }) => bodiesOf(links).map(({ url }) => url))
      if (urls.length !== 1) return [`${nameOf(block)}: ${urls.length} links`]
      const [url = ''] = urls.map((text) => String(text).replace('${var.documentation_url}/', ''))
      const targets = url === '${each.value.runbook}' ? runbooksOf(modules) : [url]
      return targets.filter((target) => !isSection(target)).map((target) => `${nameOf(block)}: ${target}`)
    }),
  'alerts on log-based metrics wait until Cloud Monitoring knows these': (modules) =>
    namesWhere(
      resources(modules, 'google_monitoring_alert_policy').filter(({ body }) =>
        textsIn(body).some((text) => text.includes('google_logging_metric.')),
      ),
      ({ depends_on }) => !textsIn(depends_on ?? null).includes('${terraform_data.metrics_known}'),
    ),
  'every log-based metric has an alert': (modules) => {
    const [metrics, alerts] = ['log_metrics', 'log_alerts'].map((name) => Object.keys(localOf(modules, name)))
    const others = resources(modules, 'google_monitoring_alert_policy').flatMap(({ body }) => textsIn(body))
    const isUsed = (name: string) => others.some((text) => text.includes(`google_logging_metric.entries["${name}"]`))
    return metrics!.filter((name) => !alerts!.includes(name) && !isUsed(name))
  },
}

/** Of `600s`. */
function secondsOf(duration: Value | undefined): number {
  return Number(/^(\d+)s$/.exec(String(duration))?.[1])
}

/** After how many seconds it is an alert that an upload waits. */
function waitingAlerts(modules: readonly Module[]): number[] {
  return resources(modules, 'google_monitoring_alert_policy')
    .flatMap(({ body }) => bodiesOf(body.conditions))
    .flatMap(({ condition_threshold }) => bodiesOf(condition_threshold))
    .filter(({ filter }) => /oldest_unacked_message_age.*\$\{var\.load_subscription\}/.test(String(filter)))
    .map(({ threshold_value }) => Number(threshold_value))
}

function namedAlertTexts(modules: readonly Module[]): [string, string][] {
  return [
    ...Object.entries(localOf(modules, 'log_alerts')).map(([name, alert]): [string, string] => [
      `alert ${name}`,
      String((alert as Body).text),
    ]),
    ...resources(modules, 'google_monitoring_alert_policy').flatMap((block) =>
      bodiesOf(block.body.documentation).map(({ content }): [string, string] => [nameOf(block), String(content)]),
    ),
  ]
}

function localOf(modules: readonly Module[], name: string): Body {
  const found = modules.flatMap(({ blocks }) => blocks).find(({ kind, body }) => kind === 'locals' && name in body)
  return (found?.body[name] ?? {}) as Body
}

function runbooksOf(modules: readonly Module[]): string[] {
  return Object.values(localOf(modules, 'log_alerts')).map((alert) => String((alert as Body).runbook))
}

/** By GitHub's anchors of headings. */
function isSection(target: string): boolean {
  const [page = '', anchor = ''] = target.split('#')
  const headings = [...read('docs', page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading.toLowerCase())
  return headings.some((heading) => heading.replace(/[^\w\- ]/g, '').replaceAll(' ', '-') === anchor)
}
