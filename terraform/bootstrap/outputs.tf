output "deploy_account" {
  description = "Deploys: `deployer` of the main configuration."
  value       = google_service_account.deploy.email
}

output "check_account" {
  description = "Plans, for pull requests."
  value       = google_service_account.check.email
}

output "image_repository" {
  description = "Where images lie."
  value       = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.name}"
}
