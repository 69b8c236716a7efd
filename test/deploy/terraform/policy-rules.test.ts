// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of HCL are quoted here
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseBlocks, readConfiguration } from '../../../deploy/terraform/configuration.ts'
import { RULES } from './policy-rules.ts'

const FOLDER = join(import.meta.dirname, '../..', '..', 'terraform')
const modules = await readConfiguration(FOLDER)

test.each(Object.entries(RULES))('%s', (_, rule) => {
  expect(rule(modules)).toEqual([])
})

type Change = readonly [rule: keyof typeof RULES, file: string, from: string, to: string]

/** For each rule a change that breaks it, as it could slip in. */
const CHANGES: readonly Change[] = [
  ['every variable and every local is used', 'scheduling', 'paused      = var.paused', 'paused      = false'],
  ['every variable and every local is used', 'monitoring', 'locals {', 'locals {\n  spare = "local.spare"\n'],
  [
    'the table of grants in the README is that of the files',
    'releases',
    'roles/storage.objectUser',
    'roles/storage.admin',
  ],
  ['no role is wider than it must be', 'bootstrap', '"roles/run.admin"', '"roles/storage.objectAdmin"'],
  ['no role is wider than it must be', 'bootstrap', '"roles/run.admin"', '"roles/editor"'],
  ['no role is wider than it must be', 'database', '"roles/cloudsql.instanceUser"', '"roles/viewer"'],
  [
    'project roles of Cloud SQL are narrowed to the instance, except for the account that deploys it',
    'bootstrap',
    '"roles/logging.logWriter"',
    '"roles/cloudsql.client"',
  ],
  [
    'only what the environment says is open to everybody',
    'releases',
    'count  = var.public ? 1 : 0\n  bucket = google_storage_bucket.releases.name',
    'bucket = google_storage_bucket.releases.name',
  ],
  [
    'every function runs as an account of its own',
    'functions',
    'google_service_account.function[each.key].email\n    timeout',
    'google_service_account.push.email\n    timeout',
  ],
  ['no service waits for a build that nobody makes', 'functions', '  template {', '  build_config {}\n  template {'],
  ['no service waits for a build that nobody makes', 'functions', 'local.images[each.key]', '"discovery:latest"'],
  [
    'a deployment ends what was pinned: all traffic goes to the latest revision',
    'functions',
    'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST',
    'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION',
  ],
  [
    'a deployment ends what was pinned: all traffic goes to the latest revision',
    'functions',
    'traffic {\n    type    = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"\n    percent = 100\n  }',
    '',
  ],
  ['no revision gets traffic before its health route answers', 'functions', 'path = "/healthz"', 'path = "/"'],
  ['no revision gets traffic before its health route answers', 'functions', 'startup_probe {', 'liveness_probe {'],
  [
    'what is packed for an image has no source maps, and the state holds no bundle',
    'functions',
    '["**/*.map"]',
    '["**/*.ts"]',
  ],
  [
    'what is packed for an image has no source maps, and the state holds no bundle',
    'functions',
    '    content  = file("${path.module}/Dockerfile")',
    '    content  = file("${var.bundles}/${each.key}/index.js")',
  ],
  [
    'the account that deploys makes no roles: those that are granted are predefined, or made in bootstrap',
    'bootstrap',
    '"almagest_results_collector"',
    '"almagest_collector"',
  ],
  [
    'the account that deploys makes no roles: those that are granted are predefined, or made in bootstrap',
    'bootstrap',
    '"roles/logging.logWriter"',
    '"roles/iam.roleAdmin"',
  ],
  [
    'the account that deploys makes no roles: those that are granted are predefined, or made in bootstrap',
    'results',
    'locals {',
    'resource "google_project_iam_custom_role" "other" {\n  role_id = "other"\n}\n\nlocals {',
  ],
  [
    'no bucket is emptied when it is deleted: the right to do so is gone by then',
    'results',
    'uniform_bucket_level_access = true',
    'uniform_bucket_level_access = true\n  force_destroy = true',
  ],
  [
    'a disk that grows by itself does not stand in the way of the next plan',
    'database',
    'ignore_changes = [settings[0].disk_size]',
    'ignore_changes = [settings[0].disk_type]',
  ],
  [
    'every topic with a subscription has a dead letter, unless it is one',
    'releases',
    'dead_letter_policy {',
    'labels {',
  ],
  [
    'an upload is delivered often enough to outlast others, and somebody knows long before it is given up',
    'releases',
    'max_delivery_attempts = 50',
    'max_delivery_attempts = 5',
  ],
  [
    'an upload is delivered often enough to outlast others, and somebody knows long before it is given up',
    'releases',
    'maximum_backoff = "600s"',
    'maximum_backoff = "60s"',
  ],
  [
    'an upload is delivered often enough to outlast others, and somebody knows long before it is given up',
    'monitoring',
    'subscription/oldest_unacked_message_age',
    'subscription/num_undelivered_messages',
  ],
  [
    'the number of tries is the same wherever it is written',
    'releases',
    'max_delivery_attempts = 50',
    'max_delivery_attempts = 40',
  ],
  [
    'the number of tries is the same wherever it is written',
    'monitoring',
    'given up after ${var.delivery_attempts} tries',
    'given up after five tries',
  ],
  [
    'every dead-letter topic has a subscription',
    'releases',
    'dead_letter_topic     = google_pubsub_topic.dead_letters.id',
    'dead_letter_topic     = google_pubsub_topic.events.id',
  ],
  [
    'every bucket has uniform access',
    'results',
    'uniform_bucket_level_access = true',
    'uniform_bucket_level_access = false',
  ],
  [
    'every bucket blocks public access, except where a variable says so',
    'bootstrap',
    'public_access_prevention    = "enforced"',
    'public_access_prevention    = "inherited"',
  ],
  ['every bucket ends unfinished uploads', 'bootstrap', '"AbortIncompleteMultipartUpload"', '"Delete"'],
  [
    'what is not results can be had again after it was deleted or overwritten',
    'releases',
    'enabled = true',
    'enabled = false',
  ],
  ['more connections than the database takes are refused', 'database', '<= var.max_connections', '<= 1000'],
  [
    'every alert links to a section of the documentation that is there',
    'monitoring',
    'deploy.md#dead-letters-are',
    'deploy.md#dead-letter-is',
  ],
  [
    'every alert links to a section of the documentation that is there',
    'monitoring',
    'runbook.md#update',
    'runbook.md#upgrade',
  ],
  ['every alert links to a section of the documentation that is there', 'monitoring', 'links {', 'labels {'],
  [
    'alerts on log-based metrics wait until Cloud Monitoring knows these',
    'monitoring',
    'depends_on            = [terraform_data.metrics_known]',
    'depends_on            = [google_logging_metric.entries]',
  ],
  ['every log-based metric has an alert', 'monitoring', 'event_lost = {\n      title', 'lost = {\n      title'],
]

test.each(CHANGES)('%s: broken in %s by %j → %j', async (rule, name, from, to) => {
  const folder = name === 'bootstrap' ? name : join('modules', name)
  const file = join(folder, 'main.tf')
  const text = await readFile(join(FOLDER, file), 'utf8')
  expect(text).toContain(from)
  const changed = await parseBlocks(file, text.replace(from, to))
  const broken = modules.map((module) =>
    module.folder === folder
      ? { folder, blocks: [...module.blocks.filter((block) => block.file !== file), ...changed] }
      : module,
  )
  expect(RULES[rule]!(broken)).not.toEqual([])
})

test('there is a change for every rule', () => {
  expect(new Set(CHANGES.map(([rule]) => rule))).toEqual(new Set(Object.keys(RULES)))
})
