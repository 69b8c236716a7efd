output "topic" {
  description = "`service.jobs.topic` of the environment file."
  value       = google_pubsub_topic.queries.id
}

output "events_topic" {
  description = "`service.jobs.events.topic` of the environment file."
  value       = google_pubsub_topic.events.id
}

output "run_subscription" {
  description = "Subscription that calls run-query."
  value       = google_pubsub_subscription.run.name
}

output "dead_letter_subscription" {
  description = "Where messages lie that were given up; their jobs are started by watch-queries all the same."
  value       = google_pubsub_subscription.dead_letters.name
}

output "watch_job" {
  description = "The Cloud Scheduler job of watch-queries."
  value       = google_cloud_scheduler_job.watch.name
}
