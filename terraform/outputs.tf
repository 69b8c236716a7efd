output "urls" {
  description = "URL of each function."
  value       = module.functions.urls
}

output "open_tap_servers" {
  description = "TAP servers that everybody may query, which the smoke test asks."
  value = [
    for name in keys(local.services) : name
    if contains(local.deployed, "tap") && try(coalesce(local.environment.tap.servers[name].service.access.type), "anonymous") == "anonymous"
  ]
}

output "releases_bucket" {
  description = "Where releases are uploaded."
  value       = "gs://${module.releases.bucket}"
}

output "events_topic" {
  description = "`topic` of the environment file."
  value       = module.releases.events_topic
}

output "dead_letter_subscription" {
  description = "Where deliveries lie that were given up."
  value       = module.releases.dead_letter_subscription
}

output "instance" {
  description = "`database.instance` of the environment file."
  value       = one(module.database[*].connection_name)
}

output "database_users" {
  description = "Database user of each function that has a database on the instance."
  value       = { for name, account in module.functions.accounts : name => account.database_user if contains(local.logins, name) }
}

output "connections" {
  description = "Connections that the functions may open together, and the limit."
  value       = "${coalesce(one(module.database[*].connections), 0)} of ${var.max_connections}"
}

output "init_jobs" {
  description = "Cloud Run jobs that run `almagest init`, by database."
  value       = merge({}, module.database[*].init_jobs...)
}

output "queries_topic" {
  description = "`service.jobs.topic` of the environment file."
  value       = one(module.queries[*].topic)
}

output "query_events_topic" {
  description = "`service.jobs.events.topic` of the environment file."
  value       = one(module.queries[*].events_topic)
}

output "query_dead_letter_subscription" {
  description = "Where messages of queued jobs lie that were given up."
  value       = one(module.queries[*].dead_letter_subscription)
}

output "watch_job" {
  description = "The Cloud Scheduler job of watch-queries."
  value       = one(module.queries[*].watch_job)
}

output "results_bucket" {
  description = "Where query results lie."
  value       = one(module.results[*].bucket)
}

output "sweep_job" {
  description = "The Cloud Scheduler job of the sweep."
  value       = one(module.scheduling[*].job)
}

output "dashboard" {
  description = "The dashboard in Cloud Monitoring."
  value       = module.monitoring.dashboard
}
