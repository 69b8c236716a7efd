# --- the bucket -----------------------------------------------------------------------------------------------------

resource "google_storage_bucket" "releases" {
  name                        = var.bucket
  location                    = var.location
  uniform_bucket_level_access = true
  public_access_prevention    = var.public ? "inherited" : "enforced"

  # A version such as `main` is overwritten in place: the release that is live can be found again by its generation.
  versioning {
    enabled = true
  }

  soft_delete_policy {
    retention_duration_seconds = 30 * 24 * 3600
  }

  lifecycle_rule {
    condition {
      days_since_noncurrent_time = var.keep_overwritten_days
      num_newer_versions         = 5
    }
    action {
      type = "Delete"
    }
  }

  lifecycle_rule {
    condition {
      age = 7
    }
    action {
      type = "AbortIncompleteMultipartUpload"
    }
  }
}

resource "google_storage_bucket_iam_member" "reader" {
  for_each = var.reader_members
  bucket   = google_storage_bucket.releases.name
  role     = "roles/storage.objectViewer"
  member   = each.value
}

resource "google_storage_bucket_iam_member" "publisher" {
  for_each = var.publishers
  bucket   = google_storage_bucket.releases.name
  role     = "roles/storage.objectUser"
  member   = each.value
}

# What TAP services and notebooks fetch of a release without an identity.
resource "google_storage_bucket_iam_member" "public" {
  count  = var.public ? 1 : 0
  bucket = google_storage_bucket.releases.name
  role   = "roles/storage.objectViewer"
  member = "allUsers"
}

# --- an upload is told to load-release --------------------------------------------------------------------------------

data "google_project" "this" {
  project_id = var.project
}

data "google_storage_project_service_account" "storage" {
  project = var.project
}

locals {
  pubsub_agent = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

resource "google_pubsub_topic" "uploads" {
  name                       = "${var.prefix}-uploads"
  message_retention_duration = "604800s"
}

resource "google_pubsub_topic_iam_member" "storage_uploads" {
  topic  = google_pubsub_topic.uploads.name
  role   = "roles/pubsub.publisher"
  member = data.google_storage_project_service_account.storage.member
}

# `schemas.tar.gz` is written last. Other objects are told of as well, and load-release leaves them alone.
resource "google_storage_notification" "uploads" {
  bucket             = google_storage_bucket.releases.name
  topic              = google_pubsub_topic.uploads.id
  payload_format     = "JSON_API_V1"
  event_types        = ["OBJECT_FINALIZE"]
  object_name_prefix = var.object_name_prefix
  depends_on         = [google_pubsub_topic_iam_member.storage_uploads]
}

# Our own subscription and not an Eventarc trigger: a trigger's subscription cannot be given a dead letter.
#
# One load runs at a time, so uploads that come together are turned away (429) until it is their turn, and each of those
# deliveries counts. With these pauses 50 of them take some seven hours, in which a database can be mended, too.
resource "google_pubsub_subscription" "load" {
  name                       = "${var.prefix}-load-release"
  topic                      = google_pubsub_topic.uploads.id
  ack_deadline_seconds       = 600
  message_retention_duration = "604800s"

  expiration_policy {
    ttl = ""
  }

  push_config {
    # The framework reads the topic from the path.
    push_endpoint = "${var.load_url}/${google_pubsub_topic.uploads.id}"
    oidc_token {
      service_account_email = var.push_account
      audience              = var.load_url
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
  name                       = "${var.prefix}-dead-letters"
  message_retention_duration = "2678400s"
}

# Without a subscription a topic keeps nothing.
resource "google_pubsub_subscription" "dead_letters" {
  name                       = "${var.prefix}-dead-letters"
  topic                      = google_pubsub_topic.dead_letters.id
  ack_deadline_seconds       = 60
  message_retention_duration = "2678400s"

  expiration_policy {
    ttl = ""
  }
}

# Pub/Sub itself moves what was given up: it takes from the one and publishes to the other.
resource "google_pubsub_topic_iam_member" "pubsub_dead_letters" {
  topic  = google_pubsub_topic.dead_letters.name
  role   = "roles/pubsub.publisher"
  member = local.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "pubsub_load" {
  subscription = google_pubsub_subscription.load.name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}

# --- what happened is told to others ----------------------------------------------------------------------------------

resource "google_pubsub_topic" "events" {
  name                       = "${var.prefix}-events"
  message_retention_duration = "604800s"
}

resource "google_pubsub_topic_iam_member" "events" {
  for_each = var.event_publishers
  topic    = google_pubsub_topic.events.name
  role     = "roles/pubsub.publisher"
  member   = each.value
}
