variable "project" {
  description = "Project id."
  type        = string
}

variable "prefix" {
  description = "Begins the name of every metric and alert."
  type        = string
}

variable "services" {
  description = "Cloud Run service of each function, by function."
  type        = map(string)
}

variable "load_subscription" {
  description = "Subscription that calls load-release."
  type        = string
}

variable "dead_letter_subscription" {
  description = "Where deliveries lie that were given up."
  type        = string
}

variable "delivery_attempts" {
  description = "Deliveries of an upload before it is given up."
  type        = number
}

variable "instance" {
  description = "Name of the Cloud SQL instance; null: there is none."
  type        = string
}

variable "max_connections" {
  description = "`max_connections` of the instance."
  type        = number
}

variable "sweep_late_hours" {
  description = "After so many hours without a finished sweep somebody is told. Cloud Monitoring looks back 23 at most."
  type        = number
}

variable "overstay_seconds" {
  description = "How old a result can be that a sweep has left although it should be gone, before somebody is told."
  type        = number
}

variable "tolerated_errors" {
  description = "5xx answers within five minutes that are no alert, by function; 0 unless given."
  type        = map(number)
}

variable "tolerated_quota_refusals" {
  description = "Refusals by quotas within five minutes that are no alert."
  type        = number
}

variable "failed_queries_ratio" {
  description = "Failed queries by answered ones, of a release within an hour, above which somebody is told."
  type        = number
}

variable "query_subscriptions" {
  description = "Subscriptions of queued queries and of their dead letters, for the dashboard."
  type        = list(string)
}

variable "task_queue" {
  description = "Name of the queue of Cloud Tasks that hands out queries; null: none does."
  type        = string
}

variable "notification_channels" {
  description = "Who is told: ids of notification channels."
  type        = list(string)
}

variable "documentation_url" {
  description = "URL of the folder docs/, for the links to the runbook."
  type        = string
}
