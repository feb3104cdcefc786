sow {
  required_version = ">= 0.1, < 1.0"
  dataset          = "everything-${var.stage}"
  allowed_apps     = ["2604*"]
  anchor           = "2026-01-05T09:00:00Z"
}

cometchat {
  app_id   = local.app.id
  region   = "us"
  endpoint = "https://chat.example.com:8443"
  plan     = "standard"
  rate {
    requests_per_minute          = 600
    messages_per_user_per_minute = 20
  }
}

variable "stage" {
  type        = string
  default     = "demo"
  description = "Where it runs."
  nullable    = false
  validation {
    condition     = length(var.stage) > 2
    error_message = "The stage ${var.stage} is too short."
  }
}

variable "staff" {
  type = map(object({
    name = string
    role = optional(string, "default")
  }))
}

variable "door" {
  type      = string
  sensitive = true
}

locals {
  app   = { id = "2604${local.tail}" }
  tail  = "abc"
  names = [for key, u in user.agent : u.name]
}

output "agents" {
  description = "Who answers."
  value       = { names = local.names, uids = values(user.agent)[*].uid, first = user.agent["sam"].name }
}

output "door" {
  value     = var.door
  sensitive = true
}

output "dataset" {
  value = sow.dataset
}

output "numbers" {
  value = [1, 1.5, -0.25, 12345678901234567890123, true, null]
}
