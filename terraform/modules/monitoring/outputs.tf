output "dashboard" {
  description = "The dashboard."
  value       = google_monitoring_dashboard.almagest.id
}
