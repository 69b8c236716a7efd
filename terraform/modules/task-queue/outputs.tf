output "queue" {
  description = "`service.jobs.tasks.queue` of the environment file."
  value       = google_cloud_tasks_queue.queries.id
}

output "name" {
  description = "Its name, for the alert."
  value       = google_cloud_tasks_queue.queries.name
}
