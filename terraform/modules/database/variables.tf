variable "project" {
  description = "Project of the instance and of the functions."
  type        = string
}

variable "region" {
  description = "Region of the instance."
  type        = string
}

variable "prefix" {
  description = "Begins the name of everything that is made."
  type        = string
}

variable "existing_instance" {
  description = "Name of an instance that exists; null: one is made."
  type        = string
}

variable "settings" {
  description = "What the new instance is like."
  type = object({
    database_version  = string
    tier              = string
    availability_type = string
    disk_gb           = number
    retained_backups  = number
    connector_only    = bool
  })
}

variable "deletion_protection" {
  description = "Whether Terraform and the API refuse to delete the instance."
  type        = bool
}

variable "ip_type" {
  description = "How the instance is reached: PRIVATE (an address of the network), PSC (a Private Service Connect endpoint) or, where it exists, PUBLIC."
  type        = string
}

variable "network" {
  description = "The network, as projects/P/global/networks/N."
  type        = string
}

variable "subnetwork" {
  description = "Subnetwork of the init job."
  type        = string
}

variable "databases" {
  description = "Databases of the TAP servers."
  type        = set(string)
}

variable "create_databases" {
  description = "Whether the databases are made here; otherwise they exist."
  type        = bool
}

variable "accounts" {
  description = "The functions that log in, by name."
  type        = map(object({ email = string, member = string, database_user = string }))
}

variable "readers" {
  description = "Database roles of the TAP services: `readers` of the environment file. They must exist; public is everybody."
  type        = set(string)
}

variable "job_databases" {
  description = "Databases that hold jobs of queries."
  type        = set(string)
}

variable "table_databases" {
  description = "Databases that hold tables of users."
  type        = set(string)
}

variable "registry_databases" {
  description = "The database that keeps the records of the registry, if there is one."
  type        = set(string)
}

variable "loader_may_swap" {
  description = "Whether load-release may also swap: needed where a server has `swap: compatible` or `always`."
  type        = bool
}

variable "max_connections" {
  description = "`max_connections` of the instance."
  type        = number
}

variable "max_instances" {
  description = "Instances of each function, at most."
  type        = map(number)
}

variable "connections_per_instance" {
  description = "Connections that one instance of each function may hold: the sum of `poolMax` over what it connects to."
  type        = map(number)
}

variable "other_connections" {
  description = "Connections of everybody else: TAP services, the connector's probes, administrators, what PostgreSQL reserves."
  type        = number
}

variable "init_image" {
  description = "Image of the almagest command (Dockerfile); null: no init jobs."
  type        = string
}

variable "init_password_version" {
  description = "Raise it to give the init user another password."
  type        = number
}

variable "deployer" {
  description = "IAM member who deploys, and so acts as the accounts; null: somebody who may do that anyway."
  type        = string
}
