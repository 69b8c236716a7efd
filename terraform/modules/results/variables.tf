variable "project" {
  description = "Project id."
  type        = string
}

variable "location" {
  description = "Location of the bucket."
  type        = string
}

variable "bucket" {
  description = "The results bucket: `results.bucket` of the environment file."
  type        = string
}

variable "create_bucket" {
  description = "Whether the bucket is made here; otherwise it exists, and its lifecycle rules are its owner's affair."
  type        = bool
}

variable "public" {
  description = "Whether everybody who knows the name of a result may read it; nobody may list them."
  type        = bool
}

variable "retention_days" {
  description = "The longest retention of the rules of the environment file, in days."
  type        = number
}

variable "margin_days" {
  description = "How much longer the bucket itself waits before it deletes."
  type        = number
}

variable "lifecycle_prefixes" {
  description = "Objects that the bucket may delete by itself, by the beginning of their names."
  type        = list(string)
}

variable "state_bucket" {
  description = "`results.stateBucket` of the environment file; the results bucket unless given."
  type        = string
}

variable "state_object" {
  description = "`results.stateObject` of the environment file."
  type        = string
}

variable "collector" {
  description = "IAM member of collect-results."
  type        = string
}

variable "writers" {
  description = "IAM members who write results: Qserv, TAP services."
  type        = set(string)
}
