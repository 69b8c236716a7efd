resource "google_storage_bucket" "results" {
  count                       = var.create_bucket ? 1 : 0
  name                        = var.bucket
  location                    = var.location
  uniform_bucket_level_access = true
  public_access_prevention    = var.public ? "inherited" : "enforced"

  # Results are made to be deleted: keeping the deleted ones would cost as much as the live ones.
  soft_delete_policy {
    retention_duration_seconds = 0
  }

  # The last line of defence: what the sweep has not deleted long after its time. Never the sweep's own state.
  lifecycle_rule {
    condition {
      age            = var.retention_days + var.margin_days
      matches_prefix = var.lifecycle_prefixes
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
  bucket = one(concat(google_storage_bucket.results[*].name, var.create_bucket ? [] : [var.bucket]))
}

# --- what collect-results may do ----------------------------------------------------------------------------------------

resource "google_storage_bucket_iam_member" "collector" {
  bucket = local.bucket
  role   = "projects/${var.project}/roles/almagest_results_collector" # terraform/bootstrap makes it
  member = var.collector
}

# The state of the sweep is the one object that it writes. It may lie in another bucket, which exists.
resource "google_storage_bucket_iam_member" "collector_state" {
  bucket = var.state_bucket == var.bucket ? local.bucket : var.state_bucket
  role   = "roles/storage.objectUser"
  member = var.collector

  condition {
    title      = "almagest-sweep-state"
    expression = "resource.name == \"projects/_/buckets/${var.state_bucket}/objects/${var.state_object}\""
  }
}

# --- who writes and reads results ---------------------------------------------------------------------------------------

resource "google_storage_bucket_iam_member" "writer" {
  for_each = var.writers
  bucket   = local.bucket
  role     = "roles/storage.objectUser"
  member   = each.value
}

resource "google_storage_bucket_iam_member" "public" {
  count  = var.public ? 1 : 0
  bucket = local.bucket
  role   = "roles/storage.legacyObjectReader"
  member = "allUsers"
}
