# --- the instance: one that exists, or a new one ------------------------------------------------------------------------

data "google_sql_database_instance" "existing" {
  count   = var.existing_instance == null ? 0 : 1
  name    = var.existing_instance
  project = var.project

  lifecycle {
    postcondition {
      condition     = can(regex("^POSTGRES_(1[4-9]|[2-9][0-9])", self.database_version))
      error_message = "The instance ${self.name} is ${self.database_version}: PostgreSQL 14 or later is needed."
    }
    # By way of JSON, because nothing is known of `settings` where a stand-in takes the place of the provider.
    postcondition {
      condition     = try(anytrue([for flag in jsondecode(jsonencode(self.settings))[0].database_flags : flag.name == "cloudsql.iam_authentication" && flag.value == "on"]), true)
      error_message = "The instance ${self.name} lets no IAM users log in: set its flag cloudsql.iam_authentication to on."
    }
    postcondition {
      condition     = try(alltrue([for flag in jsondecode(jsonencode(self.settings))[0].database_flags : tonumber(flag.value) == var.max_connections if flag.name == "max_connections"]), true)
      error_message = "max_connections is ${var.max_connections} here, but the flag of ${self.name} is another one."
    }
  }
}

resource "google_sql_database_instance" "created" {
  count               = var.existing_instance == null ? 1 : 0
  name                = "${var.prefix}-tap"
  region              = var.region
  database_version    = var.settings.database_version
  deletion_protection = var.deletion_protection

  settings {
    tier                        = var.settings.tier
    edition                     = "ENTERPRISE"
    availability_type           = var.settings.availability_type
    disk_type                   = "PD_SSD"
    disk_size                   = var.settings.disk_gb
    disk_autoresize             = true
    deletion_protection_enabled = var.deletion_protection
    connector_enforcement       = var.settings.connector_only ? "REQUIRED" : "NOT_REQUIRED"

    database_flags {
      name  = "cloudsql.iam_authentication"
      value = "on"
    }
    database_flags {
      name  = "max_connections"
      value = tostring(var.max_connections)
    }

    backup_configuration {
      enabled                        = true
      start_time                     = "03:00"
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = 7
      backup_retention_settings {
        retained_backups = var.settings.retained_backups
      }
    }

    ip_configuration {
      ipv4_enabled    = false
      private_network = var.ip_type == "PRIVATE" ? var.network : null
      ssl_mode        = "ENCRYPTED_ONLY"

      dynamic "psc_config" {
        for_each = var.ip_type == "PSC" ? [var.project] : []
        content {
          psc_enabled               = true
          allowed_consumer_projects = [psc_config.value]
          psc_auto_connections {
            consumer_network            = var.network
            consumer_service_project_id = psc_config.value
          }
        }
      }
    }

    maintenance_window {
      day          = 7
      hour         = 4
      update_track = "stable"
    }

    insights_config {
      query_insights_enabled  = true
      record_application_tags = true
    }
  }

  lifecycle {
    prevent_destroy = true
    # The disk grows by itself and cannot shrink: a plan would want another instance.
    ignore_changes = [settings[0].disk_size]
  }
}

locals {
  instance        = one(concat(data.google_sql_database_instance.existing[*].name, google_sql_database_instance.created[*].name))
  connection_name = one(concat(data.google_sql_database_instance.existing[*].connection_name, google_sql_database_instance.created[*].connection_name))
  iam_condition   = "resource.type == \"sqladmin.googleapis.com/Instance\" && resource.name == \"projects/${var.project}/instances/${local.instance}\""

  connections = sum(concat([0], [for name, instances in var.max_instances : instances * var.connections_per_instance[name]]))
}

resource "google_sql_database" "tap" {
  for_each        = var.create_databases ? var.databases : toset([])
  name            = each.value
  project         = var.project
  instance        = local.instance
  deletion_policy = "ABANDON"
}

# --- who logs in --------------------------------------------------------------------------------------------------------

# Each arrives without any right; `almagest init` grants them (job below). PostgreSQL refuses to drop a user that has any,
# so one that is no longer wanted stays; without its role of Cloud SQL it cannot log in.
resource "google_sql_user" "function" {
  for_each = var.accounts
  name     = each.value.database_user
  project  = var.project
  instance = local.instance
  type     = "CLOUD_IAM_SERVICE_ACCOUNT"

  deletion_policy = "ABANDON"
}

# Roles of Cloud SQL are bound to the project, and narrowed to this instance by a condition.
resource "google_project_iam_member" "client" {
  for_each = var.accounts
  project  = var.project
  role     = "roles/cloudsql.client"
  member   = each.value.member

  condition {
    title      = "almagest-instance"
    expression = local.iam_condition
  }
}

resource "google_project_iam_member" "instance_user" {
  for_each = var.accounts
  project  = var.project
  role     = "roles/cloudsql.instanceUser"
  member   = each.value.member

  condition {
    title      = "almagest-instance"
    expression = local.iam_condition
  }
}

# --- roles and grants inside PostgreSQL: `almagest init` --------------------------------------------------------------------

# Only a built-in user may create roles. Its password exists in Secret Manager and nowhere else: it is no part of the state.
ephemeral "random_password" "init" {
  length  = 40
  special = false
}

resource "google_sql_user" "init" {
  name                = "${replace(var.prefix, "-", "_")}_init"
  project             = var.project
  instance            = local.instance
  type                = "BUILT_IN"
  password_wo         = ephemeral.random_password.init.result
  password_wo_version = var.init_password_version
  deletion_policy     = "ABANDON"

  # Here, because this user is there whoever made the databases.
  lifecycle {
    precondition {
      condition     = local.connections + var.other_connections <= var.max_connections
      error_message = "The functions may open ${local.connections} connections, others ${var.other_connections}: together more than max_connections = ${var.max_connections}. Lower poolMax in the environment file, or raise max_connections."
    }
  }
}

resource "google_secret_manager_secret" "init" {
  secret_id = "${var.prefix}-init-password"
  project   = var.project
  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }
}

resource "google_secret_manager_secret_version" "init" {
  secret                 = google_secret_manager_secret.init.id
  secret_data_wo         = ephemeral.random_password.init.result
  secret_data_wo_version = var.init_password_version
}

resource "google_service_account" "init" {
  account_id   = "${var.prefix}-init"
  display_name = "Almagest: roles and grants in the databases"
}

resource "google_service_account_iam_member" "init_deployer" {
  count              = var.deployer == null ? 0 : 1
  service_account_id = google_service_account.init.name
  role               = "roles/iam.serviceAccountUser"
  member             = var.deployer
}

resource "google_project_iam_member" "init_client" {
  project = var.project
  role    = "roles/cloudsql.client"
  member  = google_service_account.init.member

  condition {
    title      = "almagest-instance"
    expression = local.iam_condition
  }
}

resource "google_secret_manager_secret_iam_member" "init" {
  secret_id = google_secret_manager_secret.init.id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.init.member
}

# One job per database, run after every deployment; it can be run again at any time. It brings the connector along, as the
# functions do, so it reaches whatever address they reach.
resource "google_cloud_run_v2_job" "init" {
  for_each            = var.init_image == null ? {} : local.job_names
  name                = each.value
  location            = var.region
  deletion_protection = false

  template {
    template {
      service_account = google_service_account.init.email
      timeout         = "600s"
      max_retries     = 3 # a job's way into the network may take a moment to open

      vpc_access {
        egress = "PRIVATE_RANGES_ONLY"
        network_interfaces {
          network    = var.network
          subnetwork = var.subnetwork
        }
      }

      containers {
        image = var.init_image
        args = concat(
          ["init", "--instance", local.connection_name, "--ip-type", var.ip_type, "--database", each.key, "--user", google_sql_user.init.name],
          length(local.stagers) == 0 ? [] : concat(["--stager"], local.stagers),
          length(local.operators) == 0 ? [] : concat(["--operator"], local.operators),
          length(local.readers) == 0 ? [] : concat(["--reader"], local.readers),
          length(local.job_users) == 0 || !contains(var.job_databases, each.key) ? [] : concat(["--jobs-user"], local.job_users),
          length(local.job_users) == 0 || !contains(var.table_databases, each.key) ? [] : concat(["--tables-user"], local.job_users),
          length(local.job_readers) == 0 || !contains(var.job_databases, each.key) ? [] : concat(["--jobs-reader"], local.job_readers),
          length(local.publishers) == 0 || !contains(var.registry_databases, each.key) ? [] : concat(["--registry-user"], local.publishers),
        )

        env {
          name  = "GOOGLE_CLOUD_PROJECT"
          value = var.project
        }
        env {
          name = "PGPASSWORD"
          value_source {
            secret_key_ref {
              secret  = google_secret_manager_secret.init.secret_id
              version = google_secret_manager_secret_version.init.version
            }
          }
        }
      }
    }
  }

  depends_on = [
    google_sql_user.function,
    google_sql_database.tap,
    google_secret_manager_secret_iam_member.init,
    google_project_iam_member.init_client,
    google_service_account_iam_member.init_deployer,
  ]
}

locals {
  # A name that had to be changed or cut ends with a hash, so that `a_b` and `a-b` do not share a job.
  plain_job_names = { for database in var.databases : database => "${var.prefix}-init-${replace(lower(database), "/[^a-z0-9]+/", "-")}" }
  job_names = {
    for database, name in local.plain_job_names : database =>
    name == "${var.prefix}-init-${database}" && length(name) <= 63 && !endswith(name, "-")
    ? name
    : "${trimsuffix(substr(name, 0, 54), "-")}-${substr(sha256(database), 0, 8)}"
  }

  users       = { for name, account in var.accounts : name => account.database_user }
  stagers     = [for name in ["load-release"] : local.users[name] if contains(keys(local.users), name) && !var.loader_may_swap]
  operators   = [for name in concat(["swap-schema"], var.loader_may_swap ? ["load-release"] : []) : local.users[name] if contains(keys(local.users), name)]
  job_users   = [for name in ["tap", "run-query", "watch-queries"] : local.users[name] if contains(keys(local.users), name)]
  job_readers = length(local.job_users) == 0 ? [] : [for name in ["collect-results"] : local.users[name] if contains(keys(local.users), name)]
  publishers  = [for name in ["registry"] : local.users[name] if contains(keys(local.users), name)]
  readers     = sort(concat([for name in ["discovery", "tap", "run-query", "registry"] : local.users[name] if contains(keys(local.users), name)], tolist(var.readers)))
}
