variable "region" {
  description = "Region of the queue."
  type        = string
}

variable "prefix" {
  description = "Begins the name of the queue."
  type        = string
}

variable "at_once" {
  description = "Jobs that run at once: what all instances of run-query take."
  type        = number
}

variable "senders" {
  description = "IAM members who may hand out queries, by function."
  type        = map(string)
}

variable "queries_account" {
  description = "Service account with which run-query is called, as projects/P/serviceAccounts/E."
  type        = string
}
