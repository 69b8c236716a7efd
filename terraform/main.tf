module "functions" {
  source              = "./modules/functions"
  project             = var.project
  region              = var.region
  prefix              = var.prefix
  deployed            = local.deployed
  bundles             = coalesce(var.bundles, "${path.root}/../dist")
  environment_file    = var.environment_file
  image_repository    = var.image_repository
  network             = var.network
  subnetwork          = var.subnetwork
  min_instances       = var.min_instances
  ingress             = var.ingress
  deletion_protection = var.deletion_protection
  operators           = var.operators
  keeps_tables        = length(local.table_databases) > 0
  discovery_readers   = var.discovery_public ? toset(["allUsers"]) : var.discovery_readers
  tap_callers         = var.tap_public ? toset(["allUsers"]) : var.tap_callers
  registry_callers    = var.registry_public ? toset(["allUsers"]) : var.registry_callers
  console_callers     = var.console_callers
  secrets             = var.secrets
  secrets_directory   = local.secrets_directory
  deployer            = var.deployer
}

module "releases" {
  source                = "./modules/releases"
  project               = var.project
  prefix                = var.prefix
  location              = local.location
  bucket                = local.releases_bucket
  public                = var.releases_public
  object_name_prefix    = local.uploads_prefix == "" ? null : local.uploads_prefix
  keep_overwritten_days = var.keep_overwritten_days
  reader_members        = { for name in concat(["load-release", "swap-schema"], var.discovery_reads_releases ? ["discovery"] : [], var.tap == null ? [] : ["tap"]) : name => module.functions.accounts[name].member }
  publishers            = var.publishers
  event_publishers      = { for name in ["load-release", "swap-schema"] : name => module.functions.accounts[name].member if local.topic != null }
  load_url              = module.functions.urls["load-release"]
  push_account          = module.functions.push_account
}

module "database" {
  count                    = length(local.logins) > 0 ? 1 : 0
  source                   = "./modules/database"
  project                  = var.project
  region                   = var.region
  prefix                   = var.prefix
  existing_instance        = var.existing_instance
  settings                 = var.instance_settings
  deletion_protection      = var.deletion_protection
  ip_type                  = var.ip_type
  network                  = var.network
  subnetwork               = var.subnetwork
  databases                = local.databases
  create_databases         = var.create_databases
  accounts                 = { for name, account in module.functions.accounts : name => account if contains(local.logins, name) }
  readers                  = local.database_readers
  job_databases            = local.job_databases
  table_databases          = local.table_databases
  registry_databases       = contains(local.deployed, "registry") ? local.registry_databases : toset([])
  loader_may_swap          = var.loader_may_swap
  max_connections          = var.max_connections
  max_instances            = module.functions.max_instances
  connections_per_instance = local.connections_per_instance
  other_connections        = var.other_connections
  init_image               = var.init_image
  init_password_version    = var.init_password_version
  deployer                 = var.deployer
}

module "results" {
  count              = var.results == null ? 0 : 1
  source             = "./modules/results"
  project            = var.project
  location           = local.location
  bucket             = local.results_bucket
  create_bucket      = var.results.create_bucket
  public             = var.results.public
  retention_days     = var.results.retention_days
  margin_days        = var.results.margin_days
  lifecycle_prefixes = var.results.lifecycle_prefixes
  state_bucket       = local.state_bucket
  state_object       = local.state_object
  collector          = module.functions.accounts["collect-results"].member
  writers            = var.results.writers
}

module "queries" {
  count            = contains(local.deployed, "run-query") ? 1 : 0
  source           = "./modules/queries"
  project          = var.project
  region           = var.region
  location         = local.location
  prefix           = var.prefix
  buckets          = toset([for jobs in values(local.job_sections) : jobs.bucket])
  create_buckets   = var.tap.create_buckets
  kept_days        = max([for jobs in values(local.job_sections) : jobs.kept_days]...)
  margin_days      = var.tap.margin_days
  signs            = anytrue([for jobs in values(local.job_sections) : jobs.delivery == "redirect"])
  tap              = module.functions.accounts["tap"].member
  tap_account      = module.functions.accounts["tap"].name
  runner           = module.functions.accounts["run-query"].member
  watcher          = module.functions.accounts["watch-queries"].member
  senders          = { for name in ["tap", "watch-queries"] : name => module.functions.accounts[name].member }
  event_publishers = { for name in ["tap", "run-query", "watch-queries"] : name => module.functions.accounts[name].member }
  run_url          = module.functions.urls["run-query"]
  watch_url        = module.functions.urls["watch-queries"]
  caller_account   = module.functions.queries_account
}

module "task_queue" {
  count           = contains(local.deployed, "run-query") && anytrue([for jobs in values(local.job_sections) : jobs.tasks != null]) ? 1 : 0
  source          = "./modules/task-queue"
  prefix          = var.prefix
  region          = var.region
  at_once         = module.functions.jobs_at_once
  senders         = { for name in ["tap", "watch-queries"] : name => module.functions.accounts[name].member }
  queries_account = module.functions.queries_account_name
}

module "scheduling" {
  count             = var.results == null ? 0 : 1
  source            = "./modules/scheduling"
  prefix            = var.prefix
  region            = var.region
  schedule          = var.results.schedule
  paused            = var.results.paused
  collect_url       = module.functions.urls["collect-results"]
  scheduler_account = module.functions.scheduler_account
}

module "monitoring" {
  source                   = "./modules/monitoring"
  project                  = var.project
  prefix                   = var.prefix
  services                 = module.functions.services
  load_subscription        = module.releases.load_subscription
  dead_letter_subscription = module.releases.dead_letter_subscription
  delivery_attempts        = module.releases.delivery_attempts
  instance                 = one(module.database[*].instance)
  max_connections          = var.max_connections
  sweep_late_hours         = var.sweep_late_hours
  overstay_seconds         = (try(var.results.retention_days, 0) * 24 + 26) * 3600
  tolerated_errors         = var.tolerated_errors
  tolerated_quota_refusals = var.tolerated_quota_refusals
  failed_queries_ratio     = var.failed_queries_ratio
  query_subscriptions      = flatten([for queries in module.queries : [queries.run_subscription, queries.dead_letter_subscription]])
  task_queue               = one(module.task_queue[*].name)
  notification_channels    = var.notification_channels
  documentation_url        = var.documentation_url
}

locals {
  location = coalesce(var.location, var.region)
  deployed = setunion(
    ["load-release", "swap-schema", "discovery"],
    var.results == null ? [] : ["collect-results"],
    var.tap == null ? [] : ["tap"],
    var.tap == null || length(local.job_sections) == 0 ? [] : ["run-query", "watch-queries"],
    var.registry ? ["registry"] : [],
    var.console ? ["console"] : [],
  )
}
