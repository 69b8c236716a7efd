# Plans with mocked resources: `terraform test`, or `npm run check:terraform`. Nothing is made, and no account is needed.

mock_provider "google" {
  override_during = plan

  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
  mock_data "google_storage_project_service_account" {
    defaults = { member = "serviceAccount:service-123456789012@gs-project-accounts.iam.gserviceaccount.com" }
  }
  # In their real form: the provider looks at them where they are granted something.
  mock_resource "google_service_account" {
    defaults = {
      email  = "function@example-project.iam.gserviceaccount.com"
      member = "serviceAccount:function@example-project.iam.gserviceaccount.com"
      name   = "projects/example-project/serviceAccounts/function@example-project.iam.gserviceaccount.com"
    }
  }
}

variables {
  project           = "example-project"
  region            = "us-central1"
  network           = "projects/example-project/global/networks/default"
  subnetwork        = "projects/example-project/regions/us-central1/subnetworks/default"
  environment_file  = "environments/example.yaml"
  bundles           = "tests/bundles"
  operators         = ["group:tap-operators@example.org"]
  loader_may_swap   = true
  documentation_url = "https://example.org/docs"
}

run "without_results_there_is_no_sweep" {
  command = plan
  assert {
    condition     = output.results_bucket == null && output.sweep_job == null && !contains(keys(output.urls), "collect-results")
    error_message = "Without results there is no bucket for them, no function and no job."
  }
  assert {
    condition     = output.urls["swap-schema"] == "https://almagest-swap-schema-123456789012.us-central1.run.app"
    error_message = "The environment file names the URLs before they exist."
  }
  assert {
    condition     = output.init_jobs == {}
    error_message = "Without an image there are no init jobs."
  }
}

run "with_everything" {
  command = plan
  variables {
    prefix           = "alm-dev"
    environment_file = "tests/environments/alm-dev.yaml"
    deployer         = "serviceAccount:almagest-deploy@example-project.iam.gserviceaccount.com"
    discovery_public = true
    releases_public  = true
    publishers       = ["group:schemas@example.org"]
    loader_may_swap  = true
    init_image       = "us-central1-docker.pkg.dev/example-project/almagest/almagest:1"
    min_instances    = { discovery = 1 }
    secrets          = { token = { secret = "hips-token", functions = ["discovery"] } }
    results = {
      retention_days     = 30
      lifecycle_prefixes = ["result_"]
      writers            = ["serviceAccount:qserv@example-project.iam.gserviceaccount.com"]
    }
  }
  assert {
    condition     = output.connections == "56 of 200"
    error_message = "Seven instances with eight connections each; collect-results has no database here."
  }
  assert {
    condition     = output.init_jobs == { tap = "alm-dev-init-tap", ssotap = "alm-dev-init-ssotap" }
    error_message = "One init job per database."
  }
  assert {
    condition     = output.results_bucket == "example-qserv-results" && output.sweep_job == "alm-dev-sweep"
    error_message = "Results are swept."
  }
}

run "with_tap_services_registry_and_console" {
  command = plan
  variables {
    environment_file = "tests/environments/with-tap.yaml"
    loader_may_swap  = false
    init_image       = "us-central1-docker.pkg.dev/example-project/almagest/almagest:1"
    tap              = {}
    registry         = true
    console          = true
    console_callers  = ["group:operators@example.org"]
    max_connections  = 300
  }
  assert {
    condition     = join(" ", output.open_tap_servers) == "tap"
    error_message = "The smoke test asks the servers that have a service and are open."
  }
  assert {
    condition     = length(module.task_queue) == 0
    error_message = "Pub/Sub hands out the jobs: there is no queue, and nobody may use one."
  }
  assert {
    condition     = output.watch_job == "almagest-watch-queries"
    error_message = "Jobs are looked after each minute."
  }
  assert {
    condition     = length(setsubtract(["tap", "run-query", "watch-queries", "registry", "console"], keys(output.urls))) == 0
    error_message = "All five are deployed."
  }
  assert {
    condition     = output.connections == "208 of 300"
    error_message = "load-release and swap-schema 8 each, discovery 5 times 8, tap and run-query 4 times 16 each (queries and jobs of two servers), watch-queries 8, and registry 2 times 8."
  }
  assert {
    condition     = local.table_databases == toset(["ssotap"])
    error_message = "Tables of users are made ready where a service keeps them."
  }
  assert {
    condition     = contains(keys(output.database_users), "tap") && !contains(keys(output.database_users), "console")
    error_message = "The console has no database."
  }
}

run "jobs_by_cloud_tasks" {
  command = plan
  variables {
    environment_file = "tests/environments/with-tasks.yaml"
    loader_may_swap  = false
    init_image       = "us-central1-docker.pkg.dev/example-project/almagest/almagest:1"
    tap              = {}
    max_connections  = 300
  }
  assert {
    condition     = module.task_queue[0].name == "almagest-queries"
    error_message = "The queue is made where a server names it."
  }
}

run "a_queue_that_is_not_made_here_is_refused" {
  command = plan
  variables {
    environment_file = "tests/environments/with-tasks.yaml"
    region           = "europe-west1"
    loader_may_swap  = false
    tap              = {}
    max_connections  = 300
  }
  expect_failures = [terraform_data.environment_file]
}

run "a_topic_that_is_not_made_here_is_refused" {
  command = plan
  variables {
    environment_file = "tests/environments/with-tap.yaml"
    prefix           = "alm-dev"
    loader_may_swap  = false
    tap              = {}
    max_connections  = 300
  }
  expect_failures = [terraform_data.environment_file]
}

run "without_a_service_there_is_no_tap" {
  command = plan
  variables {
    loader_may_swap = true
    tap             = {}
  }
  expect_failures = [terraform_data.environment_file]
}

run "with_an_existing_instance_over_psc" {
  command = plan
  variables {
    environment_file  = "tests/environments/existing.yaml"
    existing_instance = "tap"
    create_databases  = false
    ip_type           = "PSC"
    loader_may_swap   = false
    init_image        = "us-central1-docker.pkg.dev/example-project/almagest/almagest:1"
    secrets           = { uws-password = { secret = "uws", functions = ["collect-results"] }, old-password = { secret = "old", functions = ["load-release", "swap-schema", "discovery"] } }
    results           = { create_bucket = false, retention_days = 8, lifecycle_prefixes = ["r/"] }
  }
  override_data {
    target          = module.database[0].data.google_sql_database_instance.existing
    override_during = plan
    values          = { connection_name = "example-project:europe-west1:tap", database_version = "POSTGRES_16" }
  }
  assert {
    condition     = output.instance == "example-project:europe-west1:tap"
    error_message = "The instance that exists is used, also in another region."
  }
  assert {
    condition     = output.init_jobs == { tap = "almagest-init-tap" } && output.connections == "21 of 200"
    error_message = "A server that is reached by URL, or is disabled, is not of this instance."
  }
  assert {
    condition     = output.releases_bucket == "gs://example-releases" && output.results_bucket == "example-results"
    error_message = "Repertoire's template names the releases bucket."
  }
}

run "without_a_database_on_it_no_instance_is_made" {
  command = plan
  variables {
    environment_file = "tests/environments/by-url.yaml"
    loader_may_swap  = false
    secrets          = { tap-password = { secret = "tap", functions = ["load-release", "swap-schema", "discovery"] } }
  }
  assert {
    condition     = output.instance == null && output.database_users == {} && output.connections == "0 of 200" && output.init_jobs == {}
    error_message = "Everything is reached by URL."
  }
}

run "a_new_instance_has_no_public_address" {
  command = plan
  variables {
    ip_type = "PUBLIC"
  }
  expect_failures = [var.ip_type]
}

run "an_instance_is_named_by_its_name_alone" {
  command = plan
  variables {
    existing_instance = "example-project:us-central1:almagest-tap"
  }
  expect_failures = [var.existing_instance]
}

run "members_and_channels_are_named_in_full" {
  command = plan
  variables {
    deployer              = "almagest-deploy@example-project.iam.gserviceaccount.com"
    publishers            = ["someone@example.org"]
    discovery_readers     = ["someone@example.org"]
    notification_channels = ["operators"]
    results               = { retention_days = 30, lifecycle_prefixes = ["result_"], writers = ["qserv@example.org"] }
  }
  expect_failures = [var.deployer, var.publishers, var.discovery_readers, var.notification_channels, var.results]
}

run "names_that_postgresql_would_cut_off_are_refused" {
  command = plan
  variables {
    project = "a-project-with-a-very-long-id1"
    prefix  = "almagest-prod"
  }
  expect_failures = [var.prefix]
}

run "everybody_is_no_operator_publisher_reader_or_writer" {
  command = plan
  variables {
    operators         = ["allUsers"]
    publishers        = ["allAuthenticatedUsers"]
    discovery_readers = ["allUsers"]
    secrets           = { token = { secret = "hips-token", functions = ["descovery"] } }
    results           = { retention_days = 30, lifecycle_prefixes = ["result_"], writers = ["allUsers"] }
  }
  expect_failures = [var.operators, var.publishers, var.discovery_readers, var.secrets, var.results]
}

run "a_bucket_that_deletes_before_the_sweep_is_refused" {
  command = plan
  variables {
    results = {
      retention_days     = 30
      margin_days        = 0
      lifecycle_prefixes = ["result_"]
    }
  }
  expect_failures = [var.results]
}

run "a_lifecycle_rule_that_fits_the_state_of_the_sweep_is_refused" {
  command = plan
  variables {
    results = {
      retention_days     = 30
      lifecycle_prefixes = [".almagest"]
    }
  }
  expect_failures = [terraform_data.environment_file]
}

run "each_function_is_limited_and_mounts_only_its_own_secrets" {
  command = plan
  module {
    source = "./modules/functions"
  }
  variables {
    prefix              = "almagest"
    deployed            = ["load-release", "swap-schema", "discovery"]
    image_repository    = "almagest"
    min_instances       = { discovery = 2 }
    ingress             = "INGRESS_TRAFFIC_ALL"
    deletion_protection = true
    discovery_readers   = ["group:readers@example.org"]
    keeps_tables        = false
    tap_callers         = []
    registry_callers    = []
    console_callers     = []
    secrets             = { token = { secret = "hips-token", version = "latest", functions = ["discovery"] } }
    secrets_directory   = "/etc/almagest/secrets"
    deployer            = null
  }
  assert {
    condition     = google_cloud_run_v2_service.function["discovery"].template[0].scaling[0].min_instance_count == 2 && google_cloud_run_v2_service.function["load-release"].template[0].scaling[0].max_instance_count == 1
    error_message = "Instances are limited."
  }
  assert {
    condition     = google_cloud_run_v2_service.function["discovery"].template[0].containers[0].volume_mounts[0].mount_path == "/etc/almagest/secrets/token" && length(google_cloud_run_v2_service.function["load-release"].template[0].volumes) == 0
    error_message = "Only discovery has the token."
  }
  assert {
    condition     = google_cloud_run_v2_service.function["discovery"].template[0].containers[0].image == "us-central1-docker.pkg.dev/example-project/almagest/discovery:${trimprefix(basename(dirname(data.archive_file.bundle["discovery"].output_path)), "discovery-")}"
    error_message = "The image has the name of the folder that it is built from."
  }
  assert {
    condition     = google_cloud_run_v2_service.function["load-release"].ingress == "INGRESS_TRAFFIC_INTERNAL_ONLY"
    error_message = "load-release is called by Pub/Sub only."
  }
  assert {
    condition     = strcontains([for file in data.archive_file.environment["discovery"].source : file.content if file.filename == "environment.yaml"][0], "user: almagest-discovery@example-project.iam\n")
    error_message = "The environment file names the function's own database user."
  }
}
