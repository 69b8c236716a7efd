output "bucket" {
  description = "The releases bucket."
  value       = google_storage_bucket.releases.name
}

output "events_topic" {
  description = "`topic` of the environment file."
  value       = google_pubsub_topic.events.id
}

output "load_subscription" {
  description = "Subscription that calls load-release."
  value       = google_pubsub_subscription.load.name
}

output "dead_letter_subscription" {
  description = "Where deliveries lie that were given up."
  value       = google_pubsub_subscription.dead_letters.name
}

output "delivery_attempts" {
  description = "Deliveries of an upload before it is given up."
  value       = google_pubsub_subscription.load.dead_letter_policy[0].max_delivery_attempts
}
