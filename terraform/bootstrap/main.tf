# What must be there before Cloud Build can apply the rest: run once per project, by a person who owns it.

terraform {
  required_version = "~> 1.11"
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 7.45"
    }
  }
}

provider "google" {
  project = var.project
  region  = var.region
}

resource "google_project_service" "needed" {
  for_each = toset([
    "artifactregistry.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "cloudtasks.googleapis.com",
    "compute.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "networkconnectivity.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "servicenetworking.googleapis.com",
    "sqladmin.googleapis.com",
    "storage.googleapis.com",
  ])
  service            = each.value
  disable_on_destroy = false
}

# Terraform's state, the plans and the packages of the builds.
resource "google_storage_bucket" "state" {
  name                        = var.state_bucket
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  versioning {
    enabled = true
  }

  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 90
      num_newer_versions         = 10
    }
    action {
      type = "Delete"
    }
  }

  lifecycle_rule {
    condition {
      age            = 90
      matches_prefix = ["plans/", "cache/", "submitted/"]
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

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_project_service.needed]
}

resource "google_artifact_registry_repository" "images" {
  repository_id = var.image_repository
  location      = var.region
  format        = "DOCKER"
  description   = "Images of Almagest"

  cleanup_policies {
    id     = "keep-recent"
    action = "KEEP"
    most_recent_versions {
      keep_count = 10
    }
  }
  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition {
      older_than = "7776000s"
    }
  }

  depends_on = [google_project_service.needed]
}

# --- who builds and deploys -------------------------------------------------------------------------------------------

resource "google_service_account" "deploy" {
  account_id   = "almagest-deploy"
  display_name = "Almagest: Cloud Build on the protected branch"
  depends_on   = [google_project_service.needed]
}

resource "google_service_account" "check" {
  account_id   = "almagest-check"
  display_name = "Almagest: Cloud Build on pull requests"
  depends_on   = [google_project_service.needed]
}

# Buckets, but not one object in them.
resource "google_project_iam_custom_role" "buckets" {
  role_id     = "almagest_buckets"
  title       = "Almagest buckets"
  description = "Makes and configures buckets; cannot read or write objects."
  permissions = [
    "storage.buckets.create",
    "storage.buckets.delete",
    "storage.buckets.get",
    "storage.buckets.getIamPolicy",
    "storage.buckets.list",
    "storage.buckets.setIamPolicy",
    "storage.buckets.update",
  ]
}

locals {
  deploy_roles = toset([
    "roles/cloudscheduler.admin",
    "roles/cloudsql.admin",
    "roles/cloudtasks.queueAdmin",
    "roles/compute.networkUser",
    "roles/iam.serviceAccountAdmin",
    "roles/logging.configWriter",
    "roles/logging.logWriter",
    "roles/monitoring.editor",
    "roles/pubsub.admin",
    "roles/run.admin",
    "roles/serviceusage.serviceUsageConsumer",
  ])
}

resource "google_project_iam_member" "deploy" {
  for_each = local.deploy_roles
  project  = var.project
  role     = each.value
  member   = google_service_account.deploy.member
}

# Secrets, but not what they hold.
resource "google_project_iam_custom_role" "secrets" {
  role_id     = "almagest_secrets"
  title       = "Almagest secrets"
  description = "Makes secrets and adds versions; cannot read them."
  permissions = [
    "secretmanager.secrets.create",
    "secretmanager.secrets.delete",
    "secretmanager.secrets.get",
    "secretmanager.secrets.getIamPolicy",
    "secretmanager.secrets.list",
    "secretmanager.secrets.setIamPolicy",
    "secretmanager.secrets.update",
    "secretmanager.versions.add",
    "secretmanager.versions.destroy",
    "secretmanager.versions.disable",
    "secretmanager.versions.enable",
    "secretmanager.versions.get",
    "secretmanager.versions.list",
  ]
}

resource "google_project_iam_member" "deploy_secrets" {
  project = var.project
  role    = google_project_iam_custom_role.secrets.id
  member  = google_service_account.deploy.member
}

resource "google_project_iam_member" "deploy_buckets" {
  project = var.project
  role    = google_project_iam_custom_role.buckets.id
  member  = google_service_account.deploy.member
}

# It hands out project roles, but only those that the modules hand out.
resource "google_project_iam_member" "deploy_grants" {
  project = var.project
  role    = "roles/resourcemanager.projectIamAdmin"
  member  = google_service_account.deploy.member

  condition {
    title      = "only-what-almagest-grants"
    expression = "api.getAttribute(\"iam.googleapis.com/modifiedGrantsByRole\", []).hasOnly([\"roles/cloudsql.client\", \"roles/cloudsql.instanceUser\"])"
  }
}

resource "google_storage_bucket_iam_member" "deploy_state" {
  bucket = google_storage_bucket.state.name
  role   = "roles/storage.objectUser"
  member = google_service_account.deploy.member
}

resource "google_artifact_registry_repository_iam_member" "deploy_images" {
  location   = var.region
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.deploy.member
}

# For the smoke test: an identity token of its own, for a function.
resource "google_service_account_iam_member" "deploy_token" {
  service_account_id = google_service_account.deploy.name
  role               = "roles/iam.serviceAccountOpenIdTokenCreator"
  member             = google_service_account.deploy.member
}

# A pull request sees what would change, and can change nothing. Its build runs whatever the pull request holds, so the
# account may look at how things are made, and at nothing that lies in them: `roles/viewer` would open every bucket.
resource "google_project_iam_custom_role" "plan" {
  role_id     = "almagest_plan"
  title       = "Almagest plan"
  description = "Reads how things are configured, for terraform plan."
  permissions = [
    "cloudscheduler.jobs.get",
    "cloudsql.databases.get",
    "cloudsql.databases.list",
    "cloudsql.instances.get",
    "cloudsql.users.get",
    "cloudsql.users.list",
    "cloudtasks.queues.get",
    "cloudtasks.queues.getIamPolicy",
    "iam.serviceAccounts.get",
    "iam.serviceAccounts.getIamPolicy",
    "logging.logEntries.create",
    "logging.logMetrics.get",
    "monitoring.alertPolicies.get",
    "monitoring.dashboards.get",
    "pubsub.subscriptions.get",
    "pubsub.subscriptions.getIamPolicy",
    "pubsub.topics.get",
    "pubsub.topics.getIamPolicy",
    "resourcemanager.projects.get",
    "resourcemanager.projects.getIamPolicy",
    "run.jobs.get",
    "run.jobs.getIamPolicy",
    "run.services.get",
    "run.services.getIamPolicy",
    "secretmanager.secrets.get",
    "secretmanager.secrets.getIamPolicy",
    "secretmanager.versions.get",
    "storage.buckets.get",
    "storage.buckets.getIamPolicy",
  ]
}

resource "google_project_iam_member" "check" {
  project = var.project
  role    = google_project_iam_custom_role.plan.id
  member  = google_service_account.check.member
}

resource "google_artifact_registry_repository_iam_member" "check_images" {
  location   = var.region
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.check.member
}

resource "google_storage_bucket_iam_member" "check_state" {
  bucket = google_storage_bucket.state.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.check.member
}

resource "google_storage_bucket_iam_member" "check_plans" {
  bucket = google_storage_bucket.state.name
  role   = "roles/storage.objectCreator"
  member = google_service_account.check.member

  condition {
    title      = "plans-only"
    expression = "resource.name.startsWith(\"projects/_/buckets/${var.state_bucket}/objects/plans/\")"
  }
}

# --- a role that the modules grant -------------------------------------------------------------------------------------

# Every predefined role that may delete may also write anywhere in the bucket. It is made here, because whoever may make roles
# may give them any permission.
resource "google_project_iam_custom_role" "results_collector" {
  role_id     = "almagest_results_collector"
  title       = "Almagest results collector"
  description = "Lists and deletes objects; cannot write them."
  permissions = ["storage.buckets.get", "storage.objects.delete", "storage.objects.get", "storage.objects.list"]
  depends_on  = [google_project_service.needed]
}

# --- when ---------------------------------------------------------------------------------------------------------------

resource "google_cloudbuild_trigger" "check" {
  count           = var.repository == null ? 0 : 1
  name            = "almagest-check"
  description     = "Every pull request: checks, tests, bundles, plan"
  location        = var.region
  filename        = "cloudbuild.yaml"
  service_account = google_service_account.check.id
  substitutions   = merge(local.substitutions, { _APPLY = "false" })
  depends_on      = [google_project_service.needed]

  repository_event_config {
    repository = var.repository
    pull_request {
      branch          = "^main$"
      comment_control = "COMMENTS_ENABLED_FOR_EXTERNAL_CONTRIBUTORS_ONLY"
    }
  }
}

resource "google_cloudbuild_trigger" "deploy" {
  count           = var.repository == null ? 0 : 1
  name            = "almagest-deploy"
  description     = "main, after approval: the same, and apply"
  location        = var.region
  filename        = "cloudbuild.yaml"
  service_account = google_service_account.deploy.id
  substitutions   = merge(local.substitutions, { _APPLY = "true" })
  depends_on      = [google_project_service.needed]

  repository_event_config {
    repository = var.repository
    push {
      branch = "^main$"
    }
  }

  approval_config {
    approval_required = true
  }
}

locals {
  substitutions = {
    _REGION       = var.region
    _REPOSITORY   = var.image_repository
    _STATE_BUCKET = var.state_bucket
    _ENVIRONMENT  = var.environment
    _SAMPLE       = tostring(var.sample)
  }
}
