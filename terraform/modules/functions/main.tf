locals {
  # One row per function. An instance holds up to `poolMax` connections to each database, so `max_instances` is part of the
  # sum that must stay under the database's max_connections (variables.tf of module database).
  functions = {
    load-release = {
      description   = "Stages a release that was uploaded"
      max_instances = 1
      concurrency   = 1
      memory        = "512Mi"
      timeout       = 540
    }
    swap-schema = {
      description   = "Status, diff, stage, swap and rollback for operators"
      max_instances = 1
      concurrency   = 8
      memory        = "512Mi"
      timeout       = 540
    }
    discovery = {
      description   = "What is deployed, where, in which version"
      max_instances = 5
      concurrency   = 40
      memory        = "512Mi"
      timeout       = 60
    }
    collect-results = {
      description   = "Deletes query results whose time is over"
      max_instances = 1
      concurrency   = 4
      memory        = "512Mi"
      timeout       = 1800
    }
    tap = {
      description   = "Answers queries in ADQL, and says what can be asked"
      max_instances = 4
      concurrency   = 40
      memory        = var.keeps_tables ? "1Gi" : "512Mi" # a load of a user's table is held whole, up to 31 MiB each
      timeout       = 900
    }
    run-query = {
      description   = "Runs the queries of jobs"
      max_instances = 4
      concurrency   = 2
      memory        = "512Mi"
      timeout       = 1800
    }
    watch-queries = {
      description   = "Looks after the jobs of queries"
      max_instances = 1
      concurrency   = 2
      memory        = "512Mi"
      timeout       = 120
    }
    registry = {
      description   = "OAI-PMH for registries of the Virtual Observatory"
      max_instances = 2
      concurrency   = 40
      memory        = "512Mi"
      timeout       = 60
    }
    console = {
      description   = "The web page of the environment"
      max_instances = 2
      concurrency   = 80
      memory        = "512Mi"
      timeout       = 60
    }
  }

  deployed = { for name, settings in local.functions : name => settings if contains(var.deployed, name) }

  # Known before the accounts are there, and so are the archives: the images are built between plan and apply.
  database_users = { for name in keys(local.deployed) : name => "${var.prefix}-${name}@${var.project}.iam" }

  # The environment file is the same for all; each function logs in under its own name.
  environment_files = { for name in keys(local.deployed) : name => replace(file(var.environment_file), "DATABASE_USER", local.database_users[name]) }

  # Source maps are for whoever debugs a bundle by hand: Node.js does not read them.
  bundle_files = { for name in keys(local.deployed) : name => [for file in fileset("${var.bundles}/${name}", "**") : file if !endswith(file, ".map")] }
  source_hashes = {
    for name in keys(local.deployed) : name => substr(sha256(join("", concat(
      [for file in sort(local.bundle_files[name]) : "${file} ${filesha256("${var.bundles}/${name}/${file}")}"],
      [local.environment_files[name], file("${path.module}/Dockerfile")],
    ))), 0, 16)
  }
  archives = { for name, hash in local.source_hashes : name => "${path.root}/.terraform/archives/${name}-${hash}" }
  images   = { for name, hash in local.source_hashes : name => "${var.region}-docker.pkg.dev/${var.project}/${var.image_repository}/${name}:${hash}" }

  secrets = merge([for name in keys(local.deployed) : {
    for key, secret in var.secrets : "${name}/${key}" => merge(secret, { function = name, key = key }) if contains(secret.functions, name)
  }]...)
}

data "google_project" "this" {
  project_id = var.project
}

# --- who they are ---------------------------------------------------------------------------------------------------

resource "google_service_account" "function" {
  for_each     = local.deployed
  account_id   = "${var.prefix}-${each.key}"
  display_name = "Almagest ${each.key}"
  description  = each.value.description
}

resource "google_service_account" "push" {
  account_id   = "${var.prefix}-push"
  display_name = "Almagest: Pub/Sub push to load-release"
}

resource "google_service_account" "scheduler" {
  count        = contains(var.deployed, "collect-results") ? 1 : 0
  account_id   = "${var.prefix}-scheduler"
  display_name = "Almagest: Cloud Scheduler to collect-results"
}

resource "google_service_account" "queries" {
  count        = contains(var.deployed, "run-query") ? 1 : 0
  account_id   = "${var.prefix}-queries"
  display_name = "Almagest: Pub/Sub push or Cloud Tasks to run-query, Cloud Scheduler to watch-queries"
}

# Whoever deploys a service acts as its account.
resource "google_service_account_iam_member" "deployer" {
  for_each = var.deployer == null ? {} : merge(
    { for name, account in google_service_account.function : name => account.name },
    { push = google_service_account.push.name },
    { for account in google_service_account.scheduler : "scheduler" => account.name },
    { for account in google_service_account.queries : "queries" => account.name },
  )
  service_account_id = each.value
  role               = "roles/iam.serviceAccountUser"
  member             = var.deployer
}

# --- what they are made of ------------------------------------------------------------------------------------------

# What the image of a function is built from, made by each plan in a folder FUNCTION-HASH: the bundle, and beside it the
# environment file and the Dockerfile. The state holds the content of the second, but no bundle.
data "archive_file" "bundle" {
  for_each         = local.deployed
  type             = "tar.gz"
  source_dir       = "${var.bundles}/${each.key}"
  excludes         = ["**/*.map"]
  output_file_mode = "0644"
  output_path      = "${local.archives[each.key]}/bundle.tar.gz"

  lifecycle {
    precondition {
      condition     = contains(local.bundle_files[each.key], "index.js")
      error_message = "There is no bundle of ${each.key} in ${var.bundles}: run npm run build first."
    }
  }
}

data "archive_file" "environment" {
  for_each         = local.deployed
  type             = "tar.gz"
  output_file_mode = "0644"
  output_path      = "${local.archives[each.key]}/environment.tar.gz"

  source {
    filename = "environment.yaml"
    content  = local.environment_files[each.key]
  }

  source {
    filename = "Dockerfile"
    content  = file("${path.module}/Dockerfile")
  }
}

# --- the functions --------------------------------------------------------------------------------------------------

resource "google_cloud_run_v2_service" "function" {
  for_each            = local.deployed
  name                = "${var.prefix}-${each.key}"
  location            = var.region
  description         = each.value.description
  ingress             = contains(["load-release", "collect-results", "run-query", "watch-queries"], each.key) ? "INGRESS_TRAFFIC_INTERNAL_ONLY" : var.ingress
  deletion_protection = var.deletion_protection

  # A deployment ends what `gcloud run services update-traffic --to-revisions` has pinned.
  traffic {
    type    = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
    percent = 100
  }

  template {
    service_account                  = google_service_account.function[each.key].email
    timeout                          = "${each.value.timeout}s"
    max_instance_request_concurrency = each.value.concurrency

    scaling {
      min_instance_count = lookup(var.min_instances, each.key, 0)
      max_instance_count = each.value.max_instances
    }

    vpc_access {
      egress = "PRIVATE_RANGES_ONLY"
      network_interfaces {
        network    = var.network
        subnetwork = var.subnetwork
      }
    }

    containers {
      image = local.images[each.key]

      resources {
        limits = {
          cpu    = "1"
          memory = each.value.memory
        }
        cpu_idle          = true
        startup_cpu_boost = true
      }

      env {
        name  = "ALMAGEST_ENVIRONMENT"
        value = "/workspace/environment.yaml"
      }
      env {
        name  = "GOOGLE_CLOUD_PROJECT"
        value = var.project
      }
      env {
        name  = "NODE_ENV"
        value = "production"
      }
      env {
        name  = "FUNCTION_TARGET"
        value = each.key
      }
      # No traffic before it answers. Each second, so that a cold start waits no longer than it must; a file or bundle that cannot
      # be used never answers.
      startup_probe {
        period_seconds    = 1
        timeout_seconds   = 1
        failure_threshold = 60
        http_get {
          path = "/healthz"
        }
      }

      # Filled while the image is built (Dockerfile).
      env {
        name  = "NODE_COMPILE_CACHE"
        value = "/workspace/.compile-cache"
      }

      dynamic "volume_mounts" {
        for_each = { for secret in values(local.secrets) : secret.key => secret if secret.function == each.key }
        content {
          name       = "secret-${substr(sha256(volume_mounts.key), 0, 16)}"
          mount_path = "${var.secrets_directory}/${volume_mounts.key}"
        }
      }
    }

    # One secret cannot share its folder with another, so each has its own, with one file `value`.
    dynamic "volumes" {
      for_each = { for secret in values(local.secrets) : secret.key => secret if secret.function == each.key }
      content {
        name = "secret-${substr(sha256(volumes.key), 0, 16)}" # a key may be longer than a volume's name, and have dots
        secret {
          secret = volumes.value.secret
          items {
            version = volumes.value.version
            path    = "value"
          }
        }
      }
    }
  }

  depends_on = [
    google_secret_manager_secret_iam_member.function,
    google_service_account_iam_member.deployer,
  ]
}

# --- who may call them ----------------------------------------------------------------------------------------------

resource "google_cloud_run_v2_service_iam_member" "push" {
  location = var.region
  name     = google_cloud_run_v2_service.function["load-release"].name
  role     = "roles/run.invoker"
  member   = google_service_account.push.member
}

resource "google_cloud_run_v2_service_iam_member" "scheduler" {
  count    = contains(var.deployed, "collect-results") ? 1 : 0
  location = var.region
  name     = google_cloud_run_v2_service.function["collect-results"].name
  role     = "roles/run.invoker"
  member   = google_service_account.scheduler[0].member
}

resource "google_cloud_run_v2_service_iam_member" "run" {
  count    = contains(var.deployed, "run-query") ? 1 : 0
  location = var.region
  name     = google_cloud_run_v2_service.function["run-query"].name
  role     = "roles/run.invoker"
  member   = google_service_account.queries[0].member
}

resource "google_cloud_run_v2_service_iam_member" "watch" {
  count    = contains(var.deployed, "watch-queries") ? 1 : 0
  location = var.region
  name     = google_cloud_run_v2_service.function["watch-queries"].name
  role     = "roles/run.invoker"
  member   = google_service_account.queries[0].member
}

# Who asks is looked at by the function itself, by the tokens of the site.
resource "google_cloud_run_v2_service_iam_member" "astronomer" {
  for_each = contains(var.deployed, "tap") ? var.tap_callers : toset([])
  location = var.region
  name     = google_cloud_run_v2_service.function["tap"].name
  role     = "roles/run.invoker"
  member   = each.value
}

resource "google_cloud_run_v2_service_iam_member" "harvester" {
  for_each = contains(var.deployed, "registry") ? var.registry_callers : toset([])
  location = var.region
  name     = google_cloud_run_v2_service.function["registry"].name
  role     = "roles/run.invoker"
  member   = each.value
}

resource "google_cloud_run_v2_service_iam_member" "visitor" {
  for_each = contains(var.deployed, "console") ? var.console_callers : toset([])
  location = var.region
  name     = google_cloud_run_v2_service.function["console"].name
  role     = "roles/run.invoker"
  member   = each.value
}

resource "google_cloud_run_v2_service_iam_member" "operator" {
  for_each = var.operators
  location = var.region
  name     = google_cloud_run_v2_service.function["swap-schema"].name
  role     = "roles/run.invoker"
  member   = each.value
}

resource "google_cloud_run_v2_service_iam_member" "reader" {
  for_each = contains(var.deployed, "discovery") ? var.discovery_readers : toset([])
  location = var.region
  name     = google_cloud_run_v2_service.function["discovery"].name
  role     = "roles/run.invoker"
  member   = each.value
}

# --- what they may read ---------------------------------------------------------------------------------------------

resource "google_secret_manager_secret_iam_member" "function" {
  for_each  = local.secrets
  secret_id = each.value.secret
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.function[each.value.function].member
}
