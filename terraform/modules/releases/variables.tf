variable "project" {
  description = "Project id."
  type        = string
}

variable "prefix" {
  description = "Begins the name of every topic and subscription."
  type        = string
}

variable "location" {
  description = "Location of the bucket."
  type        = string
}

variable "bucket" {
  description = "The releases bucket: `releases.bucket` of the environment file."
  type        = string
}

variable "public" {
  description = "Whether everybody may read the releases."
  type        = bool
}

variable "object_name_prefix" {
  description = "Only objects below it are told to load-release; null: all."
  type        = string
}

variable "keep_overwritten_days" {
  description = "How long a release that was overwritten in place can be restored."
  type        = number
}

variable "reader_members" {
  description = "IAM members of the functions that read releases, by function."
  type        = map(string)
}

variable "publishers" {
  description = "IAM members who may upload releases."
  type        = set(string)
}

variable "event_publishers" {
  description = "IAM members of the functions that publish events, by function."
  type        = map(string)
}

variable "load_url" {
  description = "URL of load-release."
  type        = string
}

variable "push_account" {
  description = "E-mail of the account with which Pub/Sub calls load-release."
  type        = string
}
