user "agent" {
  for_each = local.agents

  uid    = "agent-${each.key}"
  name   = each.value.name
  avatar = "${local.images}/agents/${each.key}.jpg"
  tags   = ["staff", each.value.team]
  metadata = {
    team      = each.value.team
    languages = each.value.languages
  }
}

user "customer" {
  for_each = local.customers

  uid    = each.key
  name   = each.value.name
  avatar = "${local.images}/customers/${each.key}.jpg"
  tags   = compact(["customer", each.value.plan == "plus" ? "plus" : ""])
  metadata = {
    plan    = each.value.plan
    country = each.value.country
    order   = each.value.order
  }
}

group "team" {
  name        = "Support team"
  type        = "private"
  icon        = "${local.images}/groups/team.png"
  description = "Handovers, questions and good news of the ${var.shop} support desk."
  owner       = user.agent["lena"]
  moderators  = [user.agent["sam"], user.agent["kim"]]
}

group "community" {
  name        = "${var.shop} community"
  type        = "public"
  icon        = "${local.images}/groups/community.png"
  description = "Customers help customers."
  owner       = user.agent["lena"]
}
