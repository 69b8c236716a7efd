output "connection_name" {
  description = "`database.instance` of the environment file."
  value       = local.connection_name
}

output "instance" {
  description = "Name of the instance."
  value       = local.instance
}

output "init_jobs" {
  description = "Cloud Run jobs that run `almagest init`, by database."
  value       = { for database, job in google_cloud_run_v2_job.init : database => job.name }
}

output "connections" {
  description = "Connections that the functions may open together."
  value       = local.connections
}
