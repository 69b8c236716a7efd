# An environment with two TAP servers on one new instance. Copy both example files, put in your names.
# terraform apply -var-file environments/example.tfvars

project = "example-project"
region  = "us-central1"

network    = "projects/example-project/global/networks/default"
subnetwork = "projects/example-project/regions/us-central1/subnetworks/default"

environment_file = "environments/example.yaml"
operators        = ["group:tap-operators@example.org"]
discovery_public = true

releases_public = true
publishers      = ["serviceAccount:schema-ci@example-project.iam.gserviceaccount.com"]

loader_may_swap = true
max_connections = 200

results = {
  retention_days     = 30
  lifecycle_prefixes = ["result_", "error_"]
  writers            = ["serviceAccount:qserv@example-project.iam.gserviceaccount.com"]
}

notification_channels = ["projects/example-project/notificationChannels/1234567890"]
documentation_url     = "https://github.com/example/almagest/blob/main/docs"
