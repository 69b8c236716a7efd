variable "project" {
  description = "Project id."
  type        = string
}

variable "region" {
  description = "Region of the scheduler's job."
  type        = string
}

variable "location" {
  description = "Location of the buckets."
  type        = string
}

variable "prefix" {
  description = "Begins the name of topics, subscriptions and jobs."
  type        = string
}

variable "buckets" {
  description = "`service.jobs.bucket` of the TAP servers."
  type        = set(string)
}

variable "create_buckets" {
  description = "Whether the buckets are made here; otherwise they exist."
  type        = bool
}

variable "kept_days" {
  description = "The longest that a result can be kept, by `service.jobs.keptDays`."
  type        = number
}

variable "margin_days" {
  description = "How long after that the bucket itself deletes what is left."
  type        = number
}

variable "signs" {
  description = "Whether results are delivered by signed addresses."
  type        = bool
}

variable "tap" {
  description = "IAM member of tap."
  type        = string
}

variable "tap_account" {
  description = "Service account of tap, as projects/P/serviceAccounts/E."
  type        = string
}

variable "runner" {
  description = "IAM member of run-query."
  type        = string
}

variable "watcher" {
  description = "IAM member of watch-queries."
  type        = string
}

variable "senders" {
  description = "IAM members who may hand out queries, by function."
  type        = map(string)
}

variable "event_publishers" {
  description = "IAM members who may publish what happens to jobs, by function."
  type        = map(string)
}

variable "run_url" {
  description = "URL of run-query."
  type        = string
}

variable "watch_url" {
  description = "URL of watch-queries."
  type        = string
}

variable "caller_account" {
  description = "E-mail of the account with which Pub/Sub and Cloud Scheduler call the two."
  type        = string
}
