# What the environment file says, so that nothing has to be said twice. Whether the file is right is checked before
# (`npm run check:terraform`); here only what the cloud needs is picked out of it. Keys may be in snake_case, too.

locals {
  environment = yamldecode(file(var.environment_file))

  # --- releases
  release_source = coalesce(try(local.environment.tap.schemaSourceTemplate, null), try(local.environment.tap.schema_source_template, null), "gs:///")
  releases_bucket = try(coalesce(
    try(local.environment.releases.bucket, null),
    regex("^[gG][sS]://([^/]*)/", local.release_source)[0],
  ), "")
  release_prefix = try(local.environment.releases.prefix, null)
  release_template = coalesce(
    try(local.environment.releases.objectTemplate, null),
    try(local.environment.releases.object_template, null),
    local.release_prefix == null ? null : "${trimsuffix(local.release_prefix, "/")}/{version}/schemas.tar.gz",
    try(regex("^[gG][sS]://[^/]+/(.+)$", local.release_source)[0], null),
    "{version}/schemas.tar.gz",
  )
  # What stands in front of the version; "" where nothing does.
  uploads_prefix = split("{", local.release_template)[0]

  # --- TAP servers
  servers = {
    for name, server in merge({}, try(local.environment.tap.servers, null)) : name => {
      instance     = try(server.database.instance, null)
      database     = try(server.database.name, null)
      user         = try(server.database.user, null)
      ip_type      = coalesce(try(server.database.ipType, null), try(server.database.ip_type, null), "PRIVATE")
      pool_max     = coalesce(try(server.database.poolMax, null), try(server.database.pool_max, null), 5)
      swap         = coalesce(try(server.swap, null), "never")
      readers      = [for reader in flatten([try(server.readers, null)]) : reader if reader != null]
      password_key = local.password_keys[name]
    } if try(server.enabled, null) != false
  }
  password_keys = {
    for name, server in merge({}, try(local.environment.tap.servers, null)) : name => try(coalesce(
      try(server.databasePasswordKey, null), try(server.database_password_key, null),
      try(server.database.passwordKey, null), try(server.database.password_key, null),
    ), null)
  }

  # --- TAP services
  services = {
    for name, server in merge({}, try(local.environment.tap.servers, null)) : name => {
      instance = try(coalesce(try(server.service.query.database.instance, null), server.database.instance), null)
      user     = try(coalesce(try(server.service.query.database.user, null), server.database.user), null)
      pool_max = coalesce(try(server.service.query.database.poolMax, null), try(server.service.query.database.pool_max, null), try(server.database.poolMax, null), try(server.database.pool_max, null), 5)
    } if try(server.service, null) != null && try(server.enabled, null) != false
  }
  job_sections = {
    for name in keys(local.services) : name => {
      bucket   = try(local.environment.tap.servers[name].service.jobs.bucket, "")
      topic    = try(local.environment.tap.servers[name].service.jobs.topic, null)
      tasks    = try(local.environment.tap.servers[name].service.jobs.tasks, null)
      events   = try(local.environment.tap.servers[name].service.jobs.events.topic, null)
      delivery = try(coalesce(local.environment.tap.servers[name].service.jobs.delivery), "stream")
      kept_days = coalesce(
        try(local.environment.tap.servers[name].service.jobs.keptDays.hard, null),
        try(local.environment.tap.servers[name].service.jobs.kept_days.hard, null), 30,
      )
      instance = try(coalesce(try(local.environment.tap.servers[name].service.jobs.database.instance, null), local.servers[name].instance), null)
      database = try(coalesce(try(local.environment.tap.servers[name].service.jobs.database.name, null), local.servers[name].database), null)
      pool_max = coalesce(
        try(local.environment.tap.servers[name].service.jobs.database.poolMax, null),
        try(local.environment.tap.servers[name].service.jobs.database.pool_max, null), local.servers[name].pool_max,
      )
    } if try(local.environment.tap.servers[name].service.jobs, null) != null
  }
  job_databases = toset([for jobs in values(local.job_sections) : jobs.database if jobs.instance != null && jobs.database != null])
  # Tables that users keep lie in the database of their server.
  table_databases = toset([
    for name, server in local.on_instance : server.database
    if server.database != null && (try(local.environment.tap.servers[name].service.userTables, null) != null || try(local.environment.tap.servers[name].service.user_tables, null) != null)
  ])
  # The records of the registry lie in one database.
  registry_server    = try(coalesce(local.environment.registry.server), length(local.servers) == 1 ? keys(local.servers)[0] : "")
  registry_databases = toset([for name, server in local.on_instance : server.database if name == local.registry_server && server.database != null])

  # --- results
  results_section = try(local.environment.results, null)
  results_bucket  = try(coalesce(local.results_section.bucket), "")
  state_object    = coalesce(try(local.results_section.stateObject, null), try(local.results_section.state_object, null), ".almagest/sweep.json")
  state_bucket    = try(coalesce(try(local.results_section.stateBucket, null), try(local.results_section.state_bucket, null), local.results_bucket), "")
  hours           = { s = 1 / 3600, m = 1 / 60, h = 1, d = 24 }
  retentions      = [for rule in try(values(local.results_section.rules), []) : try(rule.retention, "")]
  retention_hours = [for text in local.retentions : try(
    tonumber(regex("^([0-9]+)[smhd]$", text)[0]) * local.hours[regex("[smhd]$", text)], 0
  )]
  time_budget = coalesce(try(local.results_section.limits.timeBudget, null), try(local.results_section.limits.time_budget, null), "24m")
  jobs = {
    instance = try(local.results_section.jobs.database.instance, null)
    pool_max = coalesce(try(local.results_section.jobs.database.poolMax, null), try(local.results_section.jobs.database.pool_max, null), 5)
    password_key = try(coalesce(
      try(local.results_section.jobs.databasePasswordKey, null), try(local.results_section.jobs.database_password_key, null),
      try(local.results_section.jobs.database.passwordKey, null), try(local.results_section.jobs.database.password_key, null),
    ), null)
  }

  # --- the rest
  secrets_directory = coalesce(try(local.environment.secretsDirectory, null), try(local.environment.secrets_directory, null), "/etc/almagest/secrets")
  audiences         = [for audience in flatten([try(local.environment.identity.audience, null)]) : audience if audience != null]
  topic             = try(local.environment.topic, null)

  # --- what follows for the database
  on_instance = { for name, server in local.servers : name => server if server.instance != null }
  databases   = toset([for server in values(local.on_instance) : server.database if server.database != null])
  # The users of the functions are granted by their own right.
  function_users   = { for name in local.deployed : name => "${var.prefix}-${name}@${var.project}.iam" }
  database_readers = setsubtract(flatten([for server in values(local.on_instance) : server.readers]), values(local.function_users))
  connections_per_instance = merge(
    { for name in ["load-release", "swap-schema", "discovery"] : name => sum(concat([0], [for server in values(local.on_instance) : server.pool_max])) },
    { for name in ["tap", "run-query"] : name => sum(concat([0],
      [for service in values(local.services) : service.pool_max if service.instance != null],
      [for jobs in values(local.job_sections) : jobs.pool_max if jobs.instance != null],
    )) },
    { watch-queries = sum(concat([0], [for jobs in values(local.job_sections) : jobs.pool_max if jobs.instance != null])) },
    { registry = sum(concat([0], [for server in values(local.on_instance) : server.pool_max])), console = 0 },
    { collect-results = can(regex(local.instance_pattern, local.jobs.instance)) ? local.jobs.pool_max : 0 },
  )

  # The functions that log in to the instance. Without any there is none: everything is reached by URL.
  logins = [for name in local.deployed : name if local.connections_per_instance[name] > 0]

  # Which functions read which password: those that log in there.
  password_readers = merge(
    { for key in distinct([for server in values(local.servers) : server.password_key if server.password_key != null]) : key => ["load-release", "swap-schema", "discovery"] },
    local.jobs.password_key == null || var.results == null ? {} : { (coalesce(local.jobs.password_key, "-")) = ["collect-results"] },
  )
}

# Whatever the environment file says that would not work with what is made here is told in the plan, and not by a function
# that fails after the deployment.
resource "terraform_data" "environment_file" {
  input = filesha256(var.environment_file)

  lifecycle {
    precondition {
      condition     = local.releases_bucket != ""
      error_message = "The environment file names no releases bucket: set releases.bucket, or tap.schemaSourceTemplate."
    }
    precondition {
      condition     = local.topic == null || local.topic == local.events_topic
      error_message = "topic of the environment file is ${coalesce(local.topic, "-")}; events go to ${local.events_topic}."
    }
    precondition {
      condition     = alltrue([for server in values(local.on_instance) : can(regex(local.instance_pattern, server.instance))])
      error_message = "The functions may reach ${local.instance_name} only. Other instances, which would be reached by databaseUrl, are named by: ${join(", ", [for name, server in local.on_instance : "tap.servers.${name} (${server.instance})" if !can(regex(local.instance_pattern, server.instance))])}."
    }
    precondition {
      condition     = alltrue([for server in values(local.on_instance) : server.user == "DATABASE_USER"])
      error_message = "database.user must be DATABASE_USER, which Terraform replaces with each function's own user, in: ${join(", ", [for name, server in local.on_instance : name if server.user != "DATABASE_USER"])}."
    }
    precondition {
      condition     = alltrue([for server in values(local.on_instance) : length(setintersection(server.readers, [local.function_users["discovery"], "public"])) > 0])
      error_message = "discovery reads the slots as ${local.function_users["discovery"]}, which must be among the readers (or public, which is everybody) of: ${join(", ", [for name, server in local.on_instance : name if length(setintersection(server.readers, [local.function_users["discovery"], "public"])) == 0])}."
    }
    precondition {
      condition     = alltrue([for server in values(local.on_instance) : upper(server.ip_type) == var.ip_type])
      error_message = "ip_type is ${var.ip_type}, but database.ipType (PRIVATE unless given) is another one in: ${join(", ", [for name, server in local.on_instance : name if upper(server.ip_type) != var.ip_type])}."
    }
    precondition {
      condition     = var.loader_may_swap || alltrue([for server in values(local.on_instance) : server.swap == "never"])
      error_message = "load-release is to swap by itself, but loader_may_swap is false: ${join(", ", [for name, server in local.on_instance : "${name} (swap: ${server.swap})" if server.swap != "never"])}."
    }
    precondition {
      condition     = length(local.audiences) == 0 || length(setsubtract(local.needed_audiences, local.audiences)) == 0
      error_message = "identity.audience of the environment file lacks ${join(", ", setsubtract(local.needed_audiences, local.audiences))}."
    }
    precondition {
      condition     = length(local.unread_passwords) == 0
      error_message = "secrets does not give these passwords to the functions that need them: ${join(", ", local.unread_passwords)}."
    }
    precondition {
      condition     = var.tap == null || length(local.services) > 0
      error_message = "tap is to be deployed, but no server of the environment file has a section service."
    }
    precondition {
      condition     = alltrue([for service in values(local.services) : service.instance == null || service.user == "DATABASE_USER"])
      error_message = "service.query.database.user must be DATABASE_USER, which Terraform replaces with each function's own user, in: ${join(", ", [for name, service in local.services : name if service.instance != null && service.user != "DATABASE_USER"])}."
    }
    precondition {
      condition     = var.tap == null || alltrue([for jobs in values(local.job_sections) : jobs.tasks != null || jobs.topic == local.queries_topic])
      error_message = "service.jobs.topic must be ${local.queries_topic} in: ${join(", ", [for name, jobs in local.job_sections : name if jobs.tasks == null && jobs.topic != local.queries_topic])}."
    }
    precondition {
      condition     = var.tap == null || length(local.other_queues) == 0
      error_message = "service.jobs.tasks must be queue: ${local.tasks_queue}, url: ${local.run_url}, serviceAccount: ${local.queries_account} in: ${join(", ", local.other_queues)}."
    }
    precondition {
      condition     = var.tap == null || alltrue([for jobs in values(local.job_sections) : jobs.events == null || jobs.events == local.query_events_topic])
      error_message = "service.jobs.events.topic must be ${local.query_events_topic}, or left out, in: ${join(", ", [for name, jobs in local.job_sections : name if jobs.events != null && jobs.events != local.query_events_topic])}."
    }
    precondition {
      condition     = !var.registry || local.registry_server != ""
      error_message = "There are several TAP servers: say in registry.server whose database keeps the records of the registry."
    }
    precondition {
      condition     = var.results == null || local.results_bucket != ""
      error_message = "There are results among the variables, but no results.bucket in the environment file."
    }
    precondition {
      condition     = var.results == null ? true : max(0, local.retention_hours...) <= var.results.retention_days * 24
      error_message = "results.retention_days is ${try(var.results.retention_days, 0)}, but a rule of the environment file keeps results longer: ${join(", ", local.retentions)}."
    }
    precondition {
      condition     = try(tonumber(regex("^([0-9]+)[smhd]$", local.time_budget)[0]) * local.hours[regex("[smhd]$", local.time_budget)] <= 28 / 60, false)
      error_message = "results.limits.timeBudget is ${local.time_budget}: at most 28m, because Cloud Scheduler gives up after 30."
    }
    precondition {
      condition     = var.results == null ? true : local.state_bucket != local.results_bucket || !anytrue([for prefix in var.results.lifecycle_prefixes : startswith(local.state_object, prefix)])
      error_message = "results.lifecycle_prefixes may not fit the state of the sweep, ${local.state_object}."
    }
  }
}

locals {
  events_topic    = "projects/${var.project}/topics/${var.prefix}-events"
  queries_topic   = "projects/${var.project}/topics/${var.prefix}-queries"
  tasks_queue     = "projects/${var.project}/locations/${var.region}/queues/${var.prefix}-queries"
  run_url         = lookup(module.functions.urls, "run-query", "-")
  queries_account = "${var.prefix}-queries@${var.project}.iam.gserviceaccount.com"
  # Servers whose jobs would be handed to something that is not made here.
  other_queues = [
    for name, jobs in local.job_sections : name
    if jobs.tasks != null && (
      try(jobs.tasks.queue, "") != local.tasks_queue || try(trimsuffix(jobs.tasks.url, "/"), "") != local.run_url ||
      try(coalesce(try(jobs.tasks.serviceAccount, null), try(jobs.tasks.service_account, null)), "") != local.queries_account
    )
  ]
  query_events_topic = "projects/${var.project}/topics/${var.prefix}-query-events"
  instance_name      = var.existing_instance == null ? "${var.project}:${var.region}:${var.prefix}-tap" : "${var.project}:REGION:${var.existing_instance}"
  instance_pattern   = var.existing_instance == null ? "^${var.project}:${var.region}:${var.prefix}-tap$" : "^${var.project}:[^:]+:${var.existing_instance}$"
  needed_audiences   = [for name in ["swap-schema", "collect-results"] : module.functions.urls[name] if contains(local.deployed, name)]
  unread_passwords = flatten([
    for key, functions in local.password_readers : [for name in functions : "${key} (${name})" if !contains(try(var.secrets[key].functions, []), name)]
  ])
}

# The job table may lie somewhere else; then its owner lets collect-results in.
check "job_table" {
  assert {
    condition     = local.jobs.instance == null || can(regex(local.instance_pattern, local.jobs.instance))
    error_message = "results.jobs lies on ${coalesce(local.jobs.instance, "-")}: make a user for collect-results there, and give its account roles/cloudsql.client and roles/cloudsql.instanceUser for that instance."
  }
}
