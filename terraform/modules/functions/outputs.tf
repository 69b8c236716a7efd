output "accounts" {
  description = "Service account of each function: e-mail, IAM member, database user, full name."
  value = { for name, account in google_service_account.function : name => {
    email         = account.email
    member        = account.member
    database_user = local.database_users[name]
    name          = account.name
  } }
}

output "urls" {
  description = "URL of each function: the one that is known before the function is there, so that the environment file can name it as an audience."
  value       = { for name, service in google_cloud_run_v2_service.function : name => "https://${service.name}-${data.google_project.this.number}.${var.region}.run.app" }
}

output "services" {
  description = "Cloud Run service of each function, as it appears in logs and metrics."
  value       = { for name, service in google_cloud_run_v2_service.function : name => service.name }
}

output "push_account" {
  description = "E-mail of the account with which Pub/Sub calls load-release."
  value       = google_service_account.push.email
  # Whoever hands the account to Pub/Sub must be allowed to act as it by then.
  depends_on = [google_service_account_iam_member.deployer]
}

output "scheduler_account" {
  description = "E-mail of the account with which Cloud Scheduler calls collect-results."
  value       = one(google_service_account.scheduler[*].email)
  depends_on  = [google_service_account_iam_member.deployer]
}

output "queries_account" {
  description = "E-mail of the account with which run-query and watch-queries are called."
  value       = one(google_service_account.queries[*].email)
  depends_on  = [google_service_account_iam_member.deployer]
}

output "queries_account_name" {
  description = "The same account, as projects/P/serviceAccounts/E."
  value       = one(google_service_account.queries[*].name)
}

output "jobs_at_once" {
  description = "Jobs that all instances of run-query work on at once."
  value       = local.functions["run-query"].max_instances * local.functions["run-query"].concurrency
}

output "max_instances" {
  description = "Instances of each function, at most."
  value       = { for name, settings in local.deployed : name => settings.max_instances }
}
