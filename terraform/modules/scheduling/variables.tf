variable "prefix" {
  description = "Begins the name of the job."
  type        = string
}

variable "region" {
  description = "Region of the job."
  type        = string
}

variable "schedule" {
  description = "When the sweep runs, as in cron, in UTC."
  type        = string
}

variable "paused" {
  description = "Whether the sweep waits."
  type        = bool
}

variable "collect_url" {
  description = "URL of collect-results."
  type        = string
}

variable "scheduler_account" {
  description = "E-mail of the account with which Cloud Scheduler calls it."
  type        = string
}
