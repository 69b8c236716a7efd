# Queries that run on their own: the topic that hands them out, the bucket of their results, and the call each minute that looks
# after them.

data "google_project" "this" {
  project_id = var.project
}

locals {
  pubsub_agent = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

# --- results ------------------------------------------------------------------------------------------------------------

resource "google_storage_bucket" "results" {
  for_each                    = var.create_buckets ? var.buckets : toset([])
  name                        = each.value
  location                    = var.location
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  # Results are made to be deleted: keeping the deleted ones would cost as much as the live ones.
  soft_delete_policy {
    retention_duration_seconds = 0
  }

  # The last line of defence: what nobody has deleted long after its time.
  lifecycle_rule {
    condition {
      age            = var.kept_days + var.margin_days
      matches_prefix = ["r/", "u/"]
    }
    action {
      type = "Delete"
    }
  }

  lifecycle_rule {
    condition {
      age = 1
    }
    action {
      type = "AbortIncompleteMultipartUpload"
    }
  }
}

locals {
  # In the order in which they are needed: a right is granted on a bucket that is there.
  buckets = var.create_buckets ? { for name, bucket in google_storage_bucket.results : name => bucket.name } : { for name in var.buckets : name => name }
}

# tap writes uploaded tables and reads results, run-query writes results and deletes its own, watch-queries deletes both.
resource "google_storage_bucket_iam_member" "tap" {
  for_each = local.buckets
  bucket   = each.value
  role     = "roles/storage.objectUser"
  member   = var.tap
}

resource "google_storage_bucket_iam_member" "runner" {
  for_each = local.buckets
  bucket   = each.value
  role     = "roles/storage.objectUser"
  member   = var.runner
}

resource "google_storage_bucket_iam_member" "watcher" {
  for_each = local.buckets
  bucket   = each.value
  role     = "roles/storage.objectUser"
  member   = var.watcher
}

# `delivery: redirect`: the account of tap signs addresses, on itself alone.
resource "google_service_account_iam_member" "signer" {
  count              = var.signs ? 1 : 0
  service_account_id = var.tap_account
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = var.tap
}

# --- queued jobs --------------------------------------------------------------------------------------------------------

resource "google_pubsub_topic" "queries" {
  name                       = "${var.prefix}-queries"
  message_retention_duration = "86400s"
}

# The job row is the truth: a message that comes twice finds the job taken, and one that is lost is sent again by watch-queries.
resource "google_pubsub_subscription" "run" {
  name                       = "${var.prefix}-run-query"
  topic                      = google_pubsub_topic.queries.name
  ack_deadline_seconds       = 600
  message_retention_duration = "86400s"

  expiration_policy {
    ttl = ""
  }

  push_config {
    # The framework reads the topic from the path.
    push_endpoint = "${var.run_url}/${google_pubsub_topic.queries.id}"
    oidc_token {
      service_account_email = var.caller_account
      audience              = var.run_url
    }
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead_letters.id
    max_delivery_attempts = 50
  }

  depends_on = [google_pubsub_topic_iam_member.pubsub_dead_letters]
}

resource "google_pubsub_topic" "dead_letters" {
  name                       = "${var.prefix}-query-dead-letters"
  message_retention_duration = "2678400s"
}

# Without a subscription a topic keeps nothing.
resource "google_pubsub_subscription" "dead_letters" {
  name                       = "${var.prefix}-query-dead-letters"
  topic                      = google_pubsub_topic.dead_letters.id
  ack_deadline_seconds       = 60
  message_retention_duration = "2678400s"

  expiration_policy {
    ttl = ""
  }
}

resource "google_pubsub_topic_iam_member" "pubsub_dead_letters" {
  topic  = google_pubsub_topic.dead_letters.name
  role   = "roles/pubsub.publisher"
  member = local.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "pubsub_run" {
  subscription = google_pubsub_subscription.run.name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}

resource "google_pubsub_topic_iam_member" "queries" {
  for_each = var.senders
  topic    = google_pubsub_topic.queries.name
  role     = "roles/pubsub.publisher"
  member   = each.value
}

# --- what happened is told to others ----------------------------------------------------------------------------------

resource "google_pubsub_topic" "events" {
  name                       = "${var.prefix}-query-events"
  message_retention_duration = "604800s"
}

resource "google_pubsub_topic_iam_member" "events" {
  for_each = var.event_publishers
  topic    = google_pubsub_topic.events.name
  role     = "roles/pubsub.publisher"
  member   = each.value
}

# --- each minute --------------------------------------------------------------------------------------------------------

resource "google_cloud_scheduler_job" "watch" {
  name        = "${var.prefix}-watch-queries"
  description = "Looks after the jobs of queries"
  region      = var.region
  schedule    = "* * * * *"
  time_zone   = "Etc/UTC"

  # It works until the next call comes; a call that failed is made up for by that one.
  attempt_deadline = "120s"

  http_target {
    http_method = "POST"
    uri         = "${var.watch_url}/"

    oidc_token {
      service_account_email = var.caller_account
      audience              = var.watch_url
    }
  }
}
