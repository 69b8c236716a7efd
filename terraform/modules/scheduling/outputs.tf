output "job" {
  description = "The Cloud Scheduler job of the sweep."
  value       = google_cloud_scheduler_job.sweep.name
}
