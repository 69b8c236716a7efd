locals {
  services_filter = "resource.type=\"cloud_run_revision\" AND (${join(" OR ", [for service in values(var.services) : "resource.label.service_name=\"${service}\""])})"

  charts = concat(
    [
      {
        title  = "Requests by function and answer"
        filter = "metric.type=\"run.googleapis.com/request_count\" AND ${local.services_filter}"
        align  = "ALIGN_RATE"
        reduce = "REDUCE_SUM"
        by     = ["resource.label.service_name", "metric.label.response_code_class"]
      },
      {
        title  = "Latency, 99th percentile"
        filter = "metric.type=\"run.googleapis.com/request_latencies\" AND ${local.services_filter}"
        align  = "ALIGN_PERCENTILE_99"
        reduce = "REDUCE_MAX"
        by     = ["resource.label.service_name"]
      },
      {
        title  = "Instances"
        filter = "metric.type=\"run.googleapis.com/container/instance_count\" AND ${local.services_filter}"
        align  = "ALIGN_MAX"
        reduce = "REDUCE_SUM"
        by     = ["resource.label.service_name"]
      },
      {
        title  = "Uploads, queued queries and dead letters that are waiting"
        filter = "metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND resource.type=\"pubsub_subscription\" AND (${join(" OR ", [for name in concat([var.load_subscription, var.dead_letter_subscription], var.query_subscriptions) : "resource.label.subscription_id=\"${name}\""])})"
        align  = "ALIGN_MAX"
        reduce = "REDUCE_MAX"
        by     = ["resource.label.subscription_id"]
      },
    ],
    [for id in var.instance == null ? [] : [local.database_id] :
      {
        title  = "Connections of the database, of ${var.max_connections}"
        filter = "metric.type=\"cloudsql.googleapis.com/database/postgresql/num_backends\" AND resource.type=\"cloudsql_database\" AND resource.label.database_id=\"${id}\""
        align  = "ALIGN_MEAN"
        reduce = "REDUCE_SUM"
        by     = ["metric.label.database"]
      }
    ],
    [for queue in var.task_queue == null ? [] : [var.task_queue] :
      {
        title  = "Jobs in the queue of Cloud Tasks, with those that run"
        filter = "metric.type=\"cloudtasks.googleapis.com/queue/depth\" AND resource.type=\"cloud_tasks_queue\" AND resource.label.queue_id=\"${queue}\""
        align  = "ALIGN_MAX"
        reduce = "REDUCE_MAX"
        by     = []
      }
    ],
    [for name, metric in local.deployed_metrics : {
      title  = metric.description
      filter = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.entries[name].name}\" AND resource.type=\"cloud_run_revision\""
      align  = "ALIGN_DELTA"
      reduce = "REDUCE_SUM"
      by     = [for label in concat(["server"], try(metric.labels, [])) : "metric.label.${label}"]
    }],
    [for metric in values(google_logging_metric.sweep) : {
      title  = metric.description
      filter = "metric.type=\"logging.googleapis.com/user/${metric.name}\" AND resource.type=\"cloud_run_revision\""
      align  = "ALIGN_DELTA"
      reduce = "REDUCE_MEAN"
      by     = []
    }],
  )
}

resource "google_monitoring_dashboard" "almagest" {
  dashboard_json = jsonencode({
    displayName = "Almagest (${var.prefix})"
    mosaicLayout = {
      columns = 48
      tiles = [for index, chart in local.charts : {
        xPos   = index % 2 * 24
        yPos   = floor(index / 2) * 16
        width  = 24
        height = 16
        widget = {
          title = chart.title
          xyChart = {
            dataSets = [{
              plotType   = "LINE"
              targetAxis = "Y1"
              timeSeriesQuery = {
                timeSeriesFilter = {
                  filter = chart.filter
                  aggregation = {
                    alignmentPeriod    = "300s"
                    perSeriesAligner   = chart.align
                    crossSeriesReducer = chart.reduce
                    groupByFields      = chart.by
                  }
                }
              }
            }]
          }
        }
      }]
    }
  })
}
