# A queue of Cloud Tasks in place of the topic of queued jobs: queries may run for half an hour, and no more at once than said here.

resource "google_cloud_tasks_queue" "queries" {
  name     = "${var.prefix}-queries"
  location = var.region

  # More would be turned away by run-query, and tried again later and later.
  rate_limits {
    max_concurrent_dispatches = var.at_once
  }

  # The job row is the truth: a call that comes twice finds the job taken, and a task that is given up is made again by
  # watch-queries.
  retry_config {
    max_attempts       = -1
    max_retry_duration = "86400s"
    min_backoff        = "10s"
    max_backoff        = "600s"
  }
}

resource "google_cloud_tasks_queue_iam_member" "sender" {
  for_each = var.senders
  name     = google_cloud_tasks_queue.queries.name
  location = var.region
  role     = "roles/cloudtasks.enqueuer"
  member   = each.value
}

# Who makes a task names the account that calls, and must be allowed to act as it. That account may call run-query and
# watch-queries, and nothing else.
resource "google_service_account_iam_member" "sender" {
  for_each           = var.senders
  service_account_id = var.queries_account
  role               = "roles/iam.serviceAccountUser"
  member             = each.value
}
