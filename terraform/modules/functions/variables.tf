variable "project" {
  description = "Project id."
  type        = string
}

variable "region" {
  description = "Region of the functions."
  type        = string
}

variable "prefix" {
  description = "Begins the name of every function and service account."
  type        = string
}

variable "deployed" {
  description = "The functions to deploy."
  type        = set(string)
}

variable "bundles" {
  description = "Folder that `npm run build` made: one folder per function."
  type        = string
}

variable "environment_file" {
  description = "The environment file. `DATABASE_USER` in it stands for the database user of the function that reads it."
  type        = string
}

variable "image_repository" {
  description = "Artifact Registry repository for the functions' images, in the region of the functions."
  type        = string
}

variable "network" {
  description = "VPC network through which the functions reach the database."
  type        = string
}

variable "subnetwork" {
  description = "Subnetwork in the region of the functions."
  type        = string
}

variable "min_instances" {
  description = "Instances that are kept warm, by function."
  type        = map(number)
}

variable "ingress" {
  description = "Where the functions may be called from that people and other services call."
  type        = string
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete the functions."
  type        = bool
}

variable "keeps_tables" {
  description = "Whether users keep tables at a TAP service."
  type        = bool
}

variable "operators" {
  description = "IAM members who may call swap-schema."
  type        = set(string)
}

variable "discovery_readers" {
  description = "IAM members who may call discovery."
  type        = set(string)
}

variable "tap_callers" {
  description = "IAM members who may call tap."
  type        = set(string)
}

variable "registry_callers" {
  description = "IAM members who may call registry."
  type        = set(string)
}

variable "console_callers" {
  description = "IAM members who may call console."
  type        = set(string)
}

variable "secrets" {
  description = "Secrets of Secret Manager that the functions read as files, by password key."
  type = map(object({
    secret    = string
    version   = string
    functions = set(string)
  }))
}

variable "secrets_directory" {
  description = "`secretsDirectory` of the environment file."
  type        = string
}

variable "deployer" {
  description = "IAM member who deploys, and so acts as the accounts; null: somebody who may do that anyway."
  type        = string
}
