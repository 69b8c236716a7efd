output "bucket" {
  description = "The results bucket."
  value       = local.bucket
}
