# The support desk of Marlowe, a shop for lamps and furniture: four agents, six
# customers from a CSV file, a team room, and a community group with a message
# that moderation has to stop.

sow {
  dataset = "support-desk"
}

variable "shop" {
  type        = string
  default     = "Marlowe"
  description = "The name of the shop, as customers know it."
}

locals {
  agents = {
    sam  = { name = "Sam Ochoa", team = "deliveries", languages = ["en", "es"] }
    kim  = { name = "김하늘", team = "returns", languages = ["ko", "en"] }
    lena = { name = "Lena Vogt", team = "deliveries", languages = ["de", "en"] }
    omar = { name = "Omar Haddad", team = "payments", languages = ["ar", "fr", "en"] }
  }

  # uid,name,plan,country,order,agent
  customers = { for c in csvdecode(file("customers.csv")) : c.uid => c }

  images = "https://example.com/support"
}

output "customers_of" {
  description = "Which customers each agent looks after."
  value       = { for key, agent in local.agents : agent.name => [for c in local.customers : c.name if c.agent == key] }
}
