locals {
  # What the functions write to the log; test/terraform/log-metrics.test.ts runs the functions and tries the filters.
  log_metrics = {
    rejected = {
      functions   = ["load-release"]
      filter      = "severity>=ERROR AND jsonPayload.message=~\"^(rejected: |malformed notification)\""
      description = "Releases that were rejected"
    }
    stage_failing = {
      functions   = ["load-release"]
      filter      = "severity>=ERROR AND jsonPayload.message=~\"^(failed, will be retried|the delivery failed)\""
      description = "Deliveries that failed and are repeated"
    }
    swap_busy = {
      functions   = null
      filter      = "severity>=WARNING AND jsonPayload.error.code=\"busy\""
      description = "Swaps and rollbacks that gave way to readers until their deadline"
    }
    not_swapped = {
      functions   = ["load-release"]
      filter      = "severity>=WARNING AND jsonPayload.message=~\"^not swapped: \""
      description = "Releases that were staged and not swapped although their server's policy would"
    }
    event_lost = {
      functions   = null
      filter      = "severity>=ERROR AND jsonPayload.message=~\"^the event [a-z_]+ could not be published\""
      description = "Events that could not be published"
    }
    sweep_finished = {
      functions   = ["collect-results"]
      filter      = "jsonPayload.outcome=\"finished\""
      description = "Sweeps that went through the whole bucket"
    }
    sweep_stopped = {
      functions   = ["collect-results"]
      filter      = "severity>=WARNING AND jsonPayload.code=~\"^(too_many_deletions|deletions_fail|job_table|empty_job_table|clocks_differ|versioned_bucket|sweep_state)$\""
      description = "Sweeps that stopped themselves"
    }
    results_overstay = {
      functions   = ["collect-results"]
      filter      = "jsonPayload.outcome=\"finished\" AND jsonPayload.mode=\"delete\" AND jsonPayload.oldestExpiredSeconds>${var.overstay_seconds}"
      description = "Sweeps after which results are left that should have gone long ago"
    }
    deletions_failing = {
      functions   = ["collect-results"]
      filter      = "jsonPayload.outcome=~\"^(finished|paused)$\" AND jsonPayload.failedPercent>1"
      description = "Sweeps of whose deletions more than 1 % failed"
    }
    qserv_silent = {
      functions   = ["watch-queries"]
      filter      = "severity>=WARNING AND jsonPayload.qservAvailable=0"
      description = "Calls that Qserv did not answer, of one a minute"
    }
    quota_reached = {
      functions   = ["tap", "run-query"]
      filter      = "jsonPayload.message=~\"^a quota was reached: \""
      description = "Queries and tables that were refused by a quota"
    }
    jobs_neglected = {
      functions   = ["watch-queries"]
      filter      = "severity>=ERROR AND jsonPayload.message=~\"^the (jobs|queries) of .* could not be looked after\""
      description = "Calls in which the jobs of a server could not be looked after"
    }
    queries_answered = {
      functions   = ["tap", "run-query"]
      filter      = "(jsonPayload.queryLength>=0 OR jsonPayload.message=\"the job is completed\") AND jsonPayload.release=~\".\""
      description = "Queries that were answered, by the release that was live"
      labels      = ["release"]
    }
    queries_failed = {
      functions   = ["tap", "run-query", "watch-queries"]
      filter      = "jsonPayload.message=~\"^a query failed with release \""
      description = "Queries that failed, by the release that was live"
      labels      = ["release"]
    }
  }

  # Alerts on a single entry of those.
  log_alerts = {
    rejected = {
      title    = "a release was rejected"
      severity = "WARNING"
      text     = "The upload has problems that no repetition cures. The slots are as they were."
      runbook  = "runbook.md#when-a-release-is-rejected"
    }
    stage_failing = {
      title    = "staging fails and is repeated"
      severity = "WARNING"
      text     = "Database or storage failed. Pub/Sub delivers again; after ${var.delivery_attempts} tries, some hours later, the message lies with the dead letters."
      runbook  = "runbook.md#when-a-load-is-stuck-or-fails-again-and-again"
    }
    swap_busy = {
      title    = "a swap gave way to readers until its deadline"
      severity = "WARNING"
      text     = "Nothing was changed. A long transaction holds a slot."
      runbook  = "runbook.md#when-a-swap-says-busy"
    }
    not_swapped = {
      title    = "a staged release was not swapped"
      severity = "WARNING"
      text     = "The release lies in the staging slot. It breaks something for clients, or the swap was refused: read the diff and decide."
      runbook  = "runbook.md#update"
    }
    event_lost = {
      title    = "an event was not published"
      severity = "WARNING"
      text     = "Subscribers do not know what happened; the history does."
      runbook  = "runbook.md#events"
    }
    sweep_stopped = {
      title    = "the sweep stopped itself"
      severity = "ERROR"
      text     = "More would go than one sweep may delete, the job table is empty, has lost jobs or may not show all of them, clocks differ, or deletions fail. Nothing more is deleted until somebody has looked."
      runbook  = "deploy.md#the-sweep-stopped-itself"
    }
    results_overstay = {
      title    = "results stay too long"
      severity = "WARNING"
      text     = "A sweep went through the whole bucket, and results are still there a day after the longest retention was over."
      runbook  = "deploy.md#results-are-kept-too-long"
    }
    deletions_failing = {
      title    = "deletions of results fail"
      severity = "WARNING"
      text     = "More than 1 % of the deletions of a sweep failed. The next sweep tries them again."
      runbook  = "deploy.md#deletions-of-results-fail"
    }
    qserv_silent = {
      title     = "Qserv does not answer"
      severity  = "ERROR"
      text      = "watch-queries asks it once a minute, and three of five calls were not answered. New queries wait or are refused; those that run there go on."
      runbook   = "deploy.md#qserv-does-not-answer"
      threshold = 2
    }
    quota_reached = {
      title     = "users reach their quotas"
      severity  = "INFO"
      text      = "More than ${var.tolerated_quota_refusals} refusals within five minutes. Either somebody sends far more than others, or the quotas are too small."
      runbook   = "deploy.md#users-reach-their-quotas"
      threshold = var.tolerated_quota_refusals
    }
    jobs_neglected = {
      title     = "the jobs of a server are not looked after"
      severity  = "ERROR"
      text      = "watch-queries is called, and its database, bucket, topic or Qserv refuses. Jobs whose worker died are stuck in EXECUTING."
      runbook   = "deploy.md#nobody-looks-after-the-jobs-of-queries"
      threshold = 2
    }
  }

  sweep_figures = {
    oldest  = { field = "oldestExpiredSeconds", unit = "s", description = "Age of the oldest result that should be gone" }
    listed  = { field = "listedObjects", unit = "1", description = "Objects in the results bucket" }
    deleted = { field = "deletedObjects", unit = "1", description = "Objects that a sweep deleted" }
    freed   = { field = "freedBytes", unit = "By", description = "Bytes that a sweep freed" }
    failed  = { field = "failed", unit = "1", description = "Deletions of a sweep that failed" }
  }

  # By name, the services whose entries a metric counts.
  metric_services  = { for name, metric in local.log_metrics : name => [for function, service in var.services : service if metric.functions == null || contains(coalesce(metric.functions, []), function)] }
  deployed_metrics = { for name, metric in local.log_metrics : name => metric if length(local.metric_services[name]) > 0 }
  deployed_alerts  = { for name, alert in local.log_alerts : name => alert if contains(keys(local.deployed_metrics), name) }
  database_id      = "${var.project}:${coalesce(var.instance, "-")}"
}

resource "google_logging_metric" "entries" {
  for_each    = local.deployed_metrics
  name        = "${var.prefix}/${each.key}"
  description = each.value.description
  filter = join(" AND ", [
    "resource.type=\"cloud_run_revision\"",
    "(${join(" OR ", [for service in local.metric_services[each.key] : "resource.labels.service_name=\"${service}\""])})",
    each.value.filter,
  ])

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    labels {
      key         = "server"
      description = "TAP server"
    }
    dynamic "labels" {
      for_each = try(each.value.labels, [])
      content {
        key         = labels.value
        description = "Release of TAP_SCHEMA"
      }
    }
  }

  label_extractors = { for label in concat(["server"], try(each.value.labels, [])) : label => "EXTRACT(jsonPayload.${label})" }
}

# Cloud Monitoring takes minutes to know a new metric, and refuses alerts on one that it does not know.
resource "terraform_data" "metrics_known" {
  triggers_replace = sort([for metric in values(google_logging_metric.entries) : metric.name])

  provisioner "local-exec" {
    command = "sleep 300"
  }
}

# Figures of the entry that each sweep writes, for the dashboard.
resource "google_logging_metric" "sweep" {
  for_each    = contains(keys(var.services), "collect-results") ? local.sweep_figures : {}
  name        = "${var.prefix}/sweep_${each.key}"
  description = each.value.description
  filter = join(" AND ", [
    "resource.type=\"cloud_run_revision\"",
    "resource.labels.service_name=\"${var.services["collect-results"]}\"",
    "jsonPayload.outcome=~\"^(finished|paused)$\"",
  ])
  value_extractor = "EXTRACT(jsonPayload.${each.value.field})"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = each.value.unit
  }

  # From 1 to 10^15; charts show the mean, which does not depend on them.
  bucket_options {
    exponential_buckets {
      num_finite_buckets = 50
      growth_factor      = 2
      scale              = 1
    }
  }
}

resource "google_monitoring_alert_policy" "log" {
  for_each              = local.deployed_alerts
  depends_on            = [terraform_data.metrics_known]
  display_name          = "${var.prefix}: ${each.value.title}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = var.notification_channels

  conditions {
    display_name = local.log_metrics[each.key].description
    condition_threshold {
      filter          = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.entries[each.key].name}\" AND resource.type=\"cloud_run_revision\""
      comparison      = "COMPARISON_GT"
      threshold_value = try(each.value.threshold, 0)
      duration        = "0s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["metric.label.server"]
      }
    }
  }

  alert_strategy {
    auto_close = "86400s"
  }

  documentation {
    content   = each.value.text
    mime_type = "text/markdown"
    links {
      display_name = "Runbook"
      url          = "${var.documentation_url}/${each.value.runbook}"
    }
  }
}

resource "google_monitoring_alert_policy" "dead_letters" {
  display_name          = "${var.prefix}: dead letters are waiting"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = var.notification_channels

  conditions {
    display_name = "Messages in ${var.dead_letter_subscription}"
    condition_threshold {
      filter          = "metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND resource.type=\"pubsub_subscription\" AND resource.label.subscription_id=\"${var.dead_letter_subscription}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"
      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }

  documentation {
    content   = "The upload was given up after ${var.delivery_attempts} tries. The release is not staged."
    mime_type = "text/markdown"
    links {
      display_name = "Runbook"
      url          = "${var.documentation_url}/deploy.md#dead-letters-are-waiting"
    }
  }
}

# Long before an upload is given up, and also for one that never reaches the function, which then logs nothing.
resource "google_monitoring_alert_policy" "uploads_waiting" {
  display_name          = "${var.prefix}: an upload waits to be staged"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = var.notification_channels

  conditions {
    display_name = "Oldest message in ${var.load_subscription} older than half an hour"
    condition_threshold {
      filter          = "metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND resource.type=\"pubsub_subscription\" AND resource.label.subscription_id=\"${var.load_subscription}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 1800
      duration        = "0s"
      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }

  documentation {
    content   = "An upload was not taken for half an hour: its loads fail, many came together, or load-release cannot be called. It is given up after ${var.delivery_attempts} tries, some hours later."
    mime_type = "text/markdown"
    links {
      display_name = "Runbook"
      url          = "${var.documentation_url}/deploy.md#an-upload-waits-to-be-staged"
    }
  }
}

resource "google_monitoring_alert_policy" "sweep_late" {
  depends_on            = [terraform_data.metrics_known]
  count                 = contains(keys(var.services), "collect-results") ? 1 : 0
  display_name          = "${var.prefix}: no sweep has finished"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = var.notification_channels

  conditions {
    display_name = "No finished sweep for ${var.sweep_late_hours} hours"
    condition_absent {
      filter   = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.entries["sweep_finished"].name}\" AND resource.type=\"cloud_run_revision\""
      duration = "${var.sweep_late_hours * 3600}s"
      aggregations {
        alignment_period     = "3600s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  # The same for as long as a counter that counts nothing is written as 0, which is not absent.
  conditions {
    display_name = "No sweep counted within ${var.sweep_late_hours} hours"
    condition_threshold {
      filter          = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.entries["sweep_finished"].name}\" AND resource.type=\"cloud_run_revision\""
      comparison      = "COMPARISON_LT"
      threshold_value = 1
      duration        = "0s"
      aggregations {
        alignment_period     = "${var.sweep_late_hours * 3600}s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content   = "Results stay longer than they should, and the bucket grows. At the end its lifecycle rule deletes them."
    mime_type = "text/markdown"
    links {
      display_name = "Runbook"
      url          = "${var.documentation_url}/deploy.md#no-sweep-has-finished"
    }
  }
}

# It is called each minute. Without it queries of dead workers, results whose time is over and messages that were lost are not
# looked after.
resource "google_monitoring_alert_policy" "watch_late" {
  count                 = contains(keys(var.services), "watch-queries") ? 1 : 0
  display_name          = "${var.prefix}: nobody looks after the jobs of queries"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = var.notification_channels

  conditions {
    display_name = "No answer of watch-queries for ten minutes"
    condition_absent {
      filter   = "metric.type=\"run.googleapis.com/request_count\" AND resource.type=\"cloud_run_revision\" AND resource.label.service_name=\"${var.services["watch-queries"]}\" AND metric.label.response_code_class=\"2xx\""
      duration = "600s"
      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content   = "Queries run on, but a job whose worker has died is not started again, and results are kept beyond their time."
    mime_type = "text/markdown"
    links {
      display_name = "Runbook"
      url          = "${var.documentation_url}/deploy.md#nobody-looks-after-the-jobs-of-queries"
    }
  }
}

# watch-queries sends a message again that nobody takes: what waits here waits because run-query is away or too small.
resource "google_monitoring_alert_policy" "queries_waiting" {
  count                 = contains(keys(var.services), "run-query") ? 1 : 0
  display_name          = "${var.prefix}: queries wait to be run"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = var.notification_channels

  conditions {
    display_name = "Oldest message in ${var.prefix}-run-query older than a quarter of an hour"
    condition_threshold {
      filter          = "metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND resource.type=\"pubsub_subscription\" AND resource.label.subscription_id=\"${var.prefix}-run-query\""
      comparison      = "COMPARISON_GT"
      threshold_value = 900
      duration        = "0s"
      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }

  documentation {
    content   = "Jobs are queued, and no instance of run-query takes them."
    mime_type = "text/markdown"
    links {
      display_name = "Runbook"
      url          = "${var.documentation_url}/deploy.md#queries-wait-to-be-run"
    }
  }
}

# A release that was swapped in may lack what queries ask for. Few queries say nothing: both conditions must hold.
resource "google_monitoring_alert_policy" "failing_release" {
  depends_on            = [terraform_data.metrics_known]
  count                 = contains(keys(var.services), "tap") ? 1 : 0
  display_name          = "${var.prefix}: many queries fail with a release"
  combiner              = "AND"
  severity              = "WARNING"
  notification_channels = var.notification_channels

  conditions {
    display_name = "More queries failed with a release within an hour than ${var.failed_queries_ratio} times those answered"
    condition_threshold {
      filter             = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.entries["queries_failed"].name}\" AND resource.type=\"cloud_run_revision\""
      denominator_filter = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.entries["queries_answered"].name}\" AND resource.type=\"cloud_run_revision\""
      comparison         = "COMPARISON_GT"
      threshold_value    = var.failed_queries_ratio
      duration           = "0s"
      aggregations {
        alignment_period     = "3600s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["metric.label.server", "metric.label.release"]
      }
      denominator_aggregations {
        alignment_period     = "3600s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["metric.label.server", "metric.label.release"]
      }
    }
  }

  conditions {
    display_name = "More than 50 queries failed with a release within an hour"
    condition_threshold {
      filter          = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.entries["queries_failed"].name}\" AND resource.type=\"cloud_run_revision\""
      comparison      = "COMPARISON_GT"
      threshold_value = 50
      duration        = "0s"
      aggregations {
        alignment_period     = "3600s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["metric.label.server", "metric.label.release"]
      }
    }
  }

  documentation {
    content   = "Compare with the release before. `almagest diff` says what was removed; `almagest rollback` brings it back at once."
    mime_type = "text/markdown"
    links {
      display_name = "Runbook"
      url          = "${var.documentation_url}/runbook.md#when-many-queries-fail-after-a-swap"
    }
  }
}

resource "google_monitoring_alert_policy" "tasks_waiting" {
  count                 = var.task_queue == null ? 0 : 1
  display_name          = "${var.prefix}: queries wait in Cloud Tasks"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = var.notification_channels

  conditions {
    display_name = "Tasks of ${coalesce(var.task_queue, "-")} are delayed by more than a quarter of an hour"
    condition_threshold {
      filter          = "metric.type=\"cloudtasks.googleapis.com/queue/task_attempt_delays\" AND resource.type=\"cloud_tasks_queue\" AND resource.label.queue_id=\"${coalesce(var.task_queue, "-")}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 900000
      duration        = "0s"
      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_PERCENTILE_95"
      }
    }
  }

  documentation {
    content   = "Jobs are queued, and the instances of run-query are busy or do not answer."
    mime_type = "text/markdown"
    links {
      display_name = "Runbook"
      url          = "${var.documentation_url}/deploy.md#queries-wait-to-be-run"
    }
  }
}

resource "google_monitoring_alert_policy" "server_errors" {
  for_each              = var.services
  display_name          = "${var.prefix}: ${each.key} answers 5xx"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = var.notification_channels

  conditions {
    display_name = "5xx in five minutes"
    condition_threshold {
      filter          = "metric.type=\"run.googleapis.com/request_count\" AND resource.type=\"cloud_run_revision\" AND resource.label.service_name=\"${each.value}\" AND metric.label.response_code_class=\"5xx\""
      comparison      = "COMPARISON_GT"
      threshold_value = lookup(var.tolerated_errors, each.key, 0)
      duration        = "0s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content   = "The log of the service at severity ERROR says why."
    mime_type = "text/markdown"
    links {
      display_name = "Runbook"
      url          = "${var.documentation_url}/deploy.md#a-function-answers-5xx"
    }
  }
}

resource "google_monitoring_alert_policy" "connections" {
  count                 = var.instance == null ? 0 : 1
  display_name          = "${var.prefix}: the database is near its connection limit"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = var.notification_channels

  conditions {
    display_name = "More than 80 % of ${var.max_connections} connections"
    condition_threshold {
      filter          = "metric.type=\"cloudsql.googleapis.com/database/postgresql/num_backends\" AND resource.type=\"cloudsql_database\" AND resource.label.database_id=\"${local.database_id}\""
      comparison      = "COMPARISON_GT"
      threshold_value = floor(var.max_connections * 0.8)
      duration        = "300s"
      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_MEAN"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content   = "New connections will be refused soon: TAP services and functions alike."
    mime_type = "text/markdown"
    links {
      display_name = "Runbook"
      url          = "${var.documentation_url}/deploy.md#the-database-is-near-its-connection-limit"
    }
  }
}
