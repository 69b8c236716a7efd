# --- where ------------------------------------------------------------------------------------------------------------

variable "project" {
  description = "Project id."
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "A project id has 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  description = "Region of functions, database and jobs, such as us-central1."
  type        = string
  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region looks like us-central1."
  }
}

variable "location" {
  description = "Location of the buckets; the region unless given."
  type        = string
  default     = null
}

variable "prefix" {
  description = "Begins the name of everything. Two environments in one project differ by it."
  type        = string
  default     = "almagest"
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,11}[a-z0-9]$", var.prefix))
    error_message = "3 to 13 lower-case letters, digits and hyphens: a service account has room for no more."
  }
  validation {
    condition     = length(var.prefix) + length(var.project) <= 42
    error_message = "With the project id no more than 42 characters: PREFIX-collect-results@PROJECT.iam must be a name for PostgreSQL."
  }
}

variable "network" {
  description = "VPC network through which the functions reach the database: projects/P/global/networks/N."
  type        = string
  validation {
    condition     = can(regex("^projects/[^/]+/global/networks/[^/]+$", var.network))
    error_message = "The network is named projects/PROJECT/global/networks/NAME."
  }
}

variable "subnetwork" {
  description = "Subnetwork in that region with at least 64 free addresses: projects/P/regions/R/subnetworks/S."
  type        = string
  validation {
    condition     = can(regex("^projects/[^/]+/regions/[^/]+/subnetworks/[^/]+$", var.subnetwork))
    error_message = "The subnetwork is named projects/PROJECT/regions/REGION/subnetworks/NAME."
  }
}

variable "deletion_protection" {
  description = "Whether functions and database are protected from deletion."
  type        = bool
  default     = true
}

variable "deployer" {
  description = "IAM member who deploys (terraform/bootstrap makes almagest-deploy); null: somebody who may act as any account anyway."
  type        = string
  default     = null
  validation {
    condition     = var.deployer == null || can(regex("^(user|group|serviceAccount|domain|principal|principalSet):.", var.deployer))
    error_message = "An IAM member, such as serviceAccount:almagest-deploy@PROJECT.iam.gserviceaccount.com."
  }
}

# --- functions --------------------------------------------------------------------------------------------------------

variable "environment_file" {
  description = "Path of the environment file (docs/configuration.md). `DATABASE_USER` in it stands for the database user of the function that reads it."
  type        = string
  validation {
    condition     = fileexists(var.environment_file)
    error_message = "There is no such file."
  }
}

variable "bundles" {
  description = "Folder that `npm run build` made; ../dist unless given."
  type        = string
  default     = null
}

variable "image_repository" {
  description = "Artifact Registry repository for images; terraform/bootstrap makes it."
  type        = string
  default     = "almagest"
}

variable "min_instances" {
  description = "Instances that are kept warm, by function; 0 unless given."
  type        = map(number)
  default     = {}
  validation {
    condition     = alltrue([for name in keys(var.min_instances) : contains(["load-release", "swap-schema", "discovery", "collect-results", "tap", "run-query", "watch-queries", "registry", "console"], name)])
    error_message = "There are load-release, swap-schema, discovery, collect-results, tap, run-query, watch-queries, registry and console."
  }
}

variable "ingress" {
  description = "Where the functions may be called from that people and other services call. load-release, collect-results, run-query and watch-queries are called from within Google Cloud only. The smoke test of Cloud Build calls from outside."
  type        = string
  default     = "INGRESS_TRAFFIC_ALL"
  validation {
    condition     = contains(["INGRESS_TRAFFIC_ALL", "INGRESS_TRAFFIC_INTERNAL_ONLY", "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"], var.ingress)
    error_message = "One of INGRESS_TRAFFIC_ALL, INGRESS_TRAFFIC_INTERNAL_ONLY, INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER."
  }
}

variable "operators" {
  description = "IAM members who may call swap-schema: groups or service accounts."
  type        = set(string)
  validation {
    condition     = alltrue([for member in var.operators : can(regex("^(user|group|serviceAccount|domain|principal|principalSet):.", member))])
    error_message = "An operator is group:, user:, serviceAccount:, domain:, principal: or principalSet:. Never everybody."
  }
}

variable "discovery_public" {
  description = "Whether everybody may call discovery without an identity."
  type        = bool
  default     = false
}

variable "discovery_readers" {
  description = "IAM members who may call discovery, where it is not public."
  type        = set(string)
  default     = []
  validation {
    condition     = alltrue([for member in var.discovery_readers : can(regex("^(user|group|serviceAccount|domain|principal|principalSet):.", member))])
    error_message = "A reader is group:, user:, serviceAccount:, domain:, principal: or principalSet:. Everybody is discovery_public = true."
  }
}

variable "discovery_reads_releases" {
  description = "Whether discovery may read the releases bucket: needed where `discovery.tutorials.menu` lies there."
  type        = bool
  default     = false
}

variable "tap" {
  description = "TAP services, as the sections `service` of the environment file describe them: tap, and where one has `jobs`, run-query and watch-queries; null: none. `create_buckets`: whether the buckets of `service.jobs` are made here; `margin_days`: how long after the longest time of a result its bucket deletes what is left."
  type = object({
    create_buckets = optional(bool, true)
    margin_days    = optional(number, 2)
  })
  default = null
  validation {
    condition     = var.tap == null ? true : var.tap.margin_days >= 2
    error_message = "margin_days is at least 2: the bucket must never delete before watch-queries."
  }
}

variable "tap_public" {
  description = "Whether everybody may call tap without an identity of Google: users then are those of the site's tokens, or nobody in particular."
  type        = bool
  default     = true
}

variable "tap_callers" {
  description = "IAM members who may call tap, where it is not public."
  type        = set(string)
  default     = []
  validation {
    condition     = alltrue([for member in var.tap_callers : can(regex("^(user|group|serviceAccount|domain|principal|principalSet):.", member))])
    error_message = "A caller is group:, user:, serviceAccount:, domain:, principal: or principalSet:. Everybody is tap_public = true."
  }
}

variable "registry" {
  description = "Whether the publishing registry is deployed."
  type        = bool
  default     = false
}

variable "registry_public" {
  description = "Whether everybody may harvest the registry."
  type        = bool
  default     = true
}

variable "registry_callers" {
  description = "IAM members who may harvest the registry, where it is not public."
  type        = set(string)
  default     = []
  validation {
    condition     = alltrue([for member in var.registry_callers : can(regex("^(user|group|serviceAccount|domain|principal|principalSet):.", member))])
    error_message = "A caller is group:, user:, serviceAccount:, domain:, principal: or principalSet:. Everybody is registry_public = true."
  }
}

variable "console" {
  description = "Whether the console is deployed."
  type        = bool
  default     = false
}

variable "console_callers" {
  description = "IAM members who may open the console; IAP's service agent where it stands behind IAP."
  type        = set(string)
  default     = []
  validation {
    condition     = alltrue([for member in var.console_callers : can(regex("^(user|group|serviceAccount|domain|principal|principalSet):.", member))])
    error_message = "A visitor is group:, user:, serviceAccount:, domain:, principal: or principalSet:. Never everybody."
  }
}

variable "secrets" {
  description = "Secrets of Secret Manager that functions read as files, by password key of the environment file."
  type = map(object({
    secret    = string
    version   = optional(string, "latest")
    functions = set(string)
  }))
  default = {}
  validation {
    condition     = alltrue([for key in keys(var.secrets) : can(regex("^[A-Za-z0-9_.-]+$", key))])
    error_message = "A password key is a file name: letters, digits, dot, underscore, hyphen."
  }
  validation {
    condition     = length(setsubtract(flatten([for secret in values(var.secrets) : tolist(secret.functions)]), ["load-release", "swap-schema", "discovery", "collect-results", "tap", "run-query", "watch-queries", "registry", "console"])) == 0
    error_message = "There are load-release, swap-schema, discovery, collect-results, tap, run-query, watch-queries, registry and console."
  }
}

# --- releases ---------------------------------------------------------------------------------------------------------

variable "releases_public" {
  description = "Whether everybody may read the releases, as TAP services do that fetch datalink metadata without an identity."
  type        = bool
  default     = false
}

variable "keep_overwritten_days" {
  description = "How long a release that was overwritten in place can be restored, in days."
  type        = number
  default     = 365
  validation {
    condition     = var.keep_overwritten_days >= 30
    error_message = "At least 30: the previous slot must not outlive the upload it came from."
  }
}

variable "publishers" {
  description = "IAM members who may upload releases."
  type        = set(string)
  default     = []
  validation {
    condition     = alltrue([for member in var.publishers : can(regex("^(user|group|serviceAccount|domain|principal|principalSet):.", member))])
    error_message = "A publisher is group:, user:, serviceAccount:, domain:, principal: or principalSet:. Never everybody."
  }
}

# --- database ---------------------------------------------------------------------------------------------------------

variable "existing_instance" {
  description = "Name of a Cloud SQL instance for PostgreSQL of this project, with the flag cloudsql.iam_authentication=on; null: one is made."
  type        = string
  default     = null
  validation {
    condition     = var.existing_instance == null || can(regex("^[a-z][a-z0-9-]*$", var.existing_instance))
    error_message = "The name of the instance alone, without project and region."
  }
}

variable "instance_settings" {
  description = "What a new instance is like. `disk_gb`: its disk at first; it grows by itself, and another size here changes nothing afterwards. `connector_only`: whether it takes connections from Cloud SQL's connectors and its proxy only; false lets TAP services connect by address."
  type = object({
    database_version  = optional(string, "POSTGRES_17")
    tier              = optional(string, "db-custom-1-3840")
    availability_type = optional(string, "ZONAL")
    disk_gb           = optional(number, 10)
    retained_backups  = optional(number, 14)
    connector_only    = optional(bool, true)
  })
  default = {}
  validation {
    condition     = contains(["ZONAL", "REGIONAL"], var.instance_settings.availability_type)
    error_message = "availability_type is ZONAL or REGIONAL."
  }
}

variable "ip_type" {
  description = "How the instance is reached: PRIVATE (an address of the network), PSC (a Private Service Connect endpoint) or, where it exists, PUBLIC: `database.ipType` of the environment file."
  type        = string
  default     = "PRIVATE"
  validation {
    condition     = contains(var.existing_instance == null ? ["PRIVATE", "PSC"] : ["PRIVATE", "PSC", "PUBLIC"], var.ip_type)
    error_message = "PRIVATE or PSC; PUBLIC only with existing_instance, because a new instance gets no public address."
  }
}

variable "create_databases" {
  description = "Whether the databases are made here; otherwise they exist."
  type        = bool
  default     = true
}

variable "loader_may_swap" {
  description = "Whether load-release may also swap: needed where a server has `swap: compatible` or `swap: always`."
  type        = bool
  default     = false
}

variable "max_connections" {
  description = "`max_connections` of the instance."
  type        = number
  default     = 200
  validation {
    condition     = var.max_connections >= 25
    error_message = "At least 25."
  }
}

variable "other_connections" {
  description = "Connections of everybody else: TAP services, the connector's probes, functions' former revisions while they are replaced, administrators, what PostgreSQL reserves."
  type        = number
  default     = 60
}

variable "init_image" {
  description = "Image of the almagest command, which Cloud Build makes; null: no init jobs."
  type        = string
  default     = null
}

variable "init_password_version" {
  description = "Raise it to give the init user another password."
  type        = number
  default     = 1
}

# --- results ----------------------------------------------------------------------------------------------------------

variable "results" {
  description = "Query results and their sweep, beside `results` of the environment file; null: no collect-results. `retention_days`: how long a result can stay at most, by the rules or because the TAP service lets its user extend it."
  type = object({
    create_bucket      = optional(bool, true)
    public             = optional(bool, false)
    retention_days     = number
    margin_days        = optional(number, 2)
    lifecycle_prefixes = list(string)
    writers            = optional(set(string), [])
    schedule           = optional(string, "17 */2 * * *")
    paused             = optional(bool, false)
  })
  default = null
  validation {
    condition     = var.results == null ? true : var.results.retention_days >= 1 && var.results.margin_days >= 2
    error_message = "retention_days is at least 1 and margin_days at least 2: the bucket must never delete before the sweep."
  }
  validation {
    condition     = var.results == null ? true : length(var.results.lifecycle_prefixes) > 0 && !contains(var.results.lifecycle_prefixes, "")
    error_message = "lifecycle_prefixes names the beginnings of results: one at least, and none of them empty."
  }
  validation {
    condition     = var.results == null ? true : alltrue([for member in var.results.writers : can(regex("^(user|group|serviceAccount|domain|principal|principalSet):.", member))])
    error_message = "A writer is group:, user:, serviceAccount:, domain:, principal: or principalSet:. Never everybody; who may read is `public`."
  }
}

# --- monitoring -------------------------------------------------------------------------------------------------------

variable "tolerated_quota_refusals" {
  description = "Refusals by the quotas of TAP users within five minutes that are no alert."
  type        = number
  default     = 50
}

variable "failed_queries_ratio" {
  description = "Failed queries by answered ones, of a release of TAP_SCHEMA within an hour, above which somebody is told; not for 50 failed ones or fewer."
  type        = number
  default     = 1
}

variable "notification_channels" {
  description = "Who is told of alerts: projects/P/notificationChannels/N."
  type        = list(string)
  default     = []
  validation {
    condition     = alltrue([for channel in var.notification_channels : can(regex("^projects/[^/]+/notificationChannels/[^/]+$", channel))])
    error_message = "A channel is named projects/PROJECT/notificationChannels/NUMBER: gcloud beta monitoring channels list."
  }
}

variable "sweep_late_hours" {
  description = "After so many hours without a finished sweep somebody is told; more than lie between two runs of `results.schedule`."
  type        = number
  default     = 6
  validation {
    condition     = var.sweep_late_hours >= 1 && var.sweep_late_hours <= 23
    error_message = "1 to 23: Cloud Monitoring looks back no further."
  }
}

variable "tolerated_errors" {
  description = "5xx answers within five minutes that are no alert, by function; 0 unless given."
  type        = map(number)
  default     = { discovery = 2 }
}

variable "documentation_url" {
  description = "URL of the folder docs/ of this repository, for the links in alerts."
  type        = string
  validation {
    condition     = can(regex("^https://.*[^/]$", var.documentation_url))
    error_message = "An https:// URL without a slash at its end."
  }
}
