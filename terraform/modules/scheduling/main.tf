resource "google_cloud_scheduler_job" "sweep" {
  name        = "${var.prefix}-sweep"
  description = "Deletes query results whose time is over"
  region      = var.region
  schedule    = var.schedule
  time_zone   = "Etc/UTC"
  paused      = var.paused

  # `results.limits.timeBudget` must stay below: 24m of these 30.
  attempt_deadline = "1800s"

  # The next run goes on where this one stopped, so one more try is enough.
  retry_config {
    retry_count          = 1
    min_backoff_duration = "60s"
  }

  http_target {
    http_method = "POST"
    uri         = "${var.collect_url}/"

    oidc_token {
      service_account_email = var.scheduler_account
      audience              = var.collect_url
    }
  }
}
