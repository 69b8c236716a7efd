# The module `database` by itself: `terraform test`, or `npm run check:terraform`. Nothing is made.

mock_provider "google" {
  override_during = plan
}

variables {
  project             = "example-project"
  region              = "us-central1"
  network             = "projects/example-project/global/networks/default"
  subnetwork          = "projects/example-project/regions/us-central1/subnetworks/default"
  prefix              = "alm-dev"
  existing_instance   = "tap"
  settings            = { database_version = "POSTGRES_17", tier = "db-custom-1-3840", availability_type = "ZONAL", disk_gb = 10, retained_backups = 14, connector_only = true }
  deletion_protection = true
  ip_type             = "PSC"
  create_databases    = false
  accounts = {
    load-release    = { email = "l@p.iam.gserviceaccount.com", member = "serviceAccount:l@p.iam.gserviceaccount.com", database_user = "l@p.iam" }
    swap-schema     = { email = "s@p.iam.gserviceaccount.com", member = "serviceAccount:s@p.iam.gserviceaccount.com", database_user = "s@p.iam" }
    discovery       = { email = "d@p.iam.gserviceaccount.com", member = "serviceAccount:d@p.iam.gserviceaccount.com", database_user = "d@p.iam" }
    collect-results = { email = "c@p.iam.gserviceaccount.com", member = "serviceAccount:c@p.iam.gserviceaccount.com", database_user = "c@p.iam" }
  }
  readers                  = ["tap_reader"]
  job_databases            = []
  table_databases          = []
  registry_databases       = []
  loader_may_swap          = false
  databases                = ["tap", "ssotap"]
  max_connections          = 100
  max_instances            = { load-release = 1, swap-schema = 1, discovery = 5, collect-results = 1 }
  connections_per_instance = { load-release = 8, swap-schema = 8, discovery = 8, collect-results = 5 }
  other_connections        = 20
  init_image               = "us-central1-docker.pkg.dev/example-project/almagest/almagest:1"
  init_password_version    = 1
  deployer                 = null
}

run "the_init_job_grants_each_function_what_it_needs_over_the_connector" {
  command = plan
  module {
    source = "./modules/database"
  }
  override_data {
    target          = data.google_sql_database_instance.existing
    override_during = plan
    values          = { connection_name = "example-project:us-central1:tap", database_version = "POSTGRES_17" }
  }
  assert {
    condition = join(" ", google_cloud_run_v2_job.init["ssotap"].template[0].template[0].containers[0].args) == join(" ", [
      "init --instance example-project:us-central1:tap --ip-type PSC --database ssotap --user alm_dev_init",
      "--stager l@p.iam --operator s@p.iam --reader d@p.iam tap_reader",
    ])
    error_message = "The job logs in as the built-in user, at the address that the functions use."
  }
}

run "jobs_tables_of_users_and_records_are_prepared_where_they_lie" {
  command = plan
  module {
    source = "./modules/database"
  }
  variables {
    accounts = {
      discovery       = { email = "d@p.iam.gserviceaccount.com", member = "serviceAccount:d@p.iam.gserviceaccount.com", database_user = "d@p.iam" }
      collect-results = { email = "c@p.iam.gserviceaccount.com", member = "serviceAccount:c@p.iam.gserviceaccount.com", database_user = "c@p.iam" }
      tap             = { email = "t@p.iam.gserviceaccount.com", member = "serviceAccount:t@p.iam.gserviceaccount.com", database_user = "t@p.iam" }
      run-query       = { email = "r@p.iam.gserviceaccount.com", member = "serviceAccount:r@p.iam.gserviceaccount.com", database_user = "r@p.iam" }
      watch-queries   = { email = "w@p.iam.gserviceaccount.com", member = "serviceAccount:w@p.iam.gserviceaccount.com", database_user = "w@p.iam" }
      registry        = { email = "g@p.iam.gserviceaccount.com", member = "serviceAccount:g@p.iam.gserviceaccount.com", database_user = "g@p.iam" }
    }
    job_databases      = ["tap"]
    table_databases    = ["tap"]
    registry_databases = ["ssotap"]
  }
  override_data {
    target          = data.google_sql_database_instance.existing
    override_during = plan
    values          = { connection_name = "example-project:us-central1:tap", database_version = "POSTGRES_17" }
  }
  assert {
    condition     = endswith(join(" ", google_cloud_run_v2_job.init["tap"].template[0].template[0].containers[0].args), "--reader d@p.iam g@p.iam r@p.iam t@p.iam tap_reader --jobs-user t@p.iam r@p.iam w@p.iam --tables-user t@p.iam r@p.iam w@p.iam --jobs-reader c@p.iam")
    error_message = "Jobs and tables of users lie in the database tap."
  }
  assert {
    condition     = endswith(join(" ", google_cloud_run_v2_job.init["ssotap"].template[0].template[0].containers[0].args), "--reader d@p.iam g@p.iam r@p.iam t@p.iam tap_reader --registry-user g@p.iam")
    error_message = "Records of the registry lie in the database ssotap."
  }
}

run "each_database_has_a_job_of_its_own" {
  command = plan
  module {
    source = "./modules/database"
  }
  variables {
    databases = ["a_b", "a-b", "A-B", "a--b", "a", "a_${join("", [for index in range(59) : "x"])}", "a_${join("", [for index in range(58) : "x"])}y"]
  }
  override_data {
    target          = data.google_sql_database_instance.existing
    override_during = plan
    values          = { connection_name = "example-project:us-central1:tap", database_version = "POSTGRES_17" }
  }
  assert {
    condition     = length(distinct([for job in google_cloud_run_v2_job.init : job.name])) == 7
    error_message = "Databases with almost the same name have different jobs."
  }
  assert {
    condition     = alltrue([for job in google_cloud_run_v2_job.init : can(regex("^[a-z][a-z0-9-]{1,61}[a-z0-9]$", job.name))])
    error_message = "Cloud Run takes the names."
  }
  assert {
    condition     = google_cloud_run_v2_job.init["a"].name == "alm-dev-init-a" && google_cloud_run_v2_job.init["a-b"].name == "alm-dev-init-a-b"
    error_message = "A name that fits is used as it is."
  }
}

run "an_instance_of_another_kind_is_refused" {
  command = plan
  module {
    source = "./modules/database"
  }
  override_data {
    target          = data.google_sql_database_instance.existing
    override_during = plan
    values          = { connection_name = "example-project:us-central1:tap", database_version = "MYSQL_8_0" }
  }
  expect_failures = [data.google_sql_database_instance.existing]
}

run "more_connections_than_the_database_takes_are_refused" {
  command = plan
  module {
    source = "./modules/database"
  }
  variables {
    existing_instance = null
    ip_type           = "PRIVATE"
    accounts          = {}
    readers           = []
    other_connections = 60
    init_image        = null
  }
  expect_failures = [google_sql_user.init]
}
