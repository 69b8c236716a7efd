variable "project" {
  description = "Project id."
  type        = string
}

variable "region" {
  description = "Region of builds, images and state."
  type        = string
}

variable "state_bucket" {
  description = "Bucket to be made for Terraform's state."
  type        = string
}

variable "image_repository" {
  description = "Artifact Registry repository to be made."
  type        = string
  default     = "almagest"
}

variable "repository" {
  description = "The Git repository as Cloud Build knows it: projects/P/locations/R/connections/C/repositories/N; null: no triggers."
  type        = string
  default     = null
}

variable "environment" {
  description = "The environment that main is deployed to: NAME of terraform/environments/NAME.tfvars."
  type        = string
  default     = "example"
}

variable "sample" {
  description = "Whether each deployment uploads the sample release of this repository and sees that it is loaded; almagest-deploy must be among the `publishers` then."
  type        = bool
  default     = false
}
