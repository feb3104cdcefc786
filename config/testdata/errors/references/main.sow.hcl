sow { dataset = "references" }
variable "team" {
  default = "support"
}
locals {
  a = local.b
  b = local.c
  c = "${local.a}!" # ERROR: References in a circle | These refer to each other in a circle, so none of them has a value:   local.a → local.b → local.c → local.a
  d = local.d # ERROR: References in a circle | local.d refers to itself, so it has no value:   local.d → local.d
  e = var.tema # ERROR: Reference to nothing | No variable named "tema" is declared. Did you mean "team"?
  f = lcoal.a # ERROR: Unknown name | There is nothing named "lcoal" here. Did you mean "local"?
  g = user # ERROR: Incomplete reference | "user" alone is not a value. Say which user is meant, as in user.agent.
  h = uppr("x") # ERROR: Call to unknown function | There is no function named "uppr". Did you mean "upper"?
  i = each.key # ERROR: Unknown name | "each" is known only in blocks that have "for_each".
  j = conversation.c.name # ERROR: Unknown name | Nothing can refer to a conversation. Values that several blocks need belong into locals.
  k = local.a
  p = ana # ERROR: Unknown name | There is nothing named "ana" here. Did you mean "user.ana"?
  q = upper(team) # ERROR: Unknown name | There is nothing named "team" here. Did you mean "var.team"?
  l = data.people.all # ERROR: Unknown name | There are no data references here
  n = terraform.workspace # ERROR: Unknown name | There are no workspaces here
  o = path.cwd # ERROR: Unknown attribute | path.module is the configuration's directory
  m = length(local.nope) # ERROR: Reference to nothing | No local value named "nope" is declared.
}
user "ana" {
  name = var.team.nope # ERROR: Unsupported attribute | Can't access attributes on a primitive-typed value (string).
}
user "agent" {
  for_each = { sam = "Sam", kim = "Kim" }
  uid      = "agent-${each.key}"
  name     = each.valu # ERROR: Unknown attribute | each has no attribute named "valu". Did you mean "value"?
}
user "bot" {
  count = 2
  uid   = "bot-${count.idx}" # ERROR: Unknown attribute | count has no attribute named "idx". Did you mean "index"?
  name  = "Bot"
}
user "loop" {
  name = group.loop.name
}
group "loop" {
  name  = "Loop"
  owner = user.loop # ERROR: References in a circle | These refer to each other in a circle, so none of them has a value:   user.loop → group.loop → user.loop
}
group "lobby" {
  name       = "Lobby"
  owner      = user.anna # ERROR: Reference to nothing | No user named "anna" is declared. Did you mean "ana"?
  moderators = [user.agent["sm"], user.agent, user.bot, user.ana, user.ana] # ERROR: Unknown key | user.agent has no element with the key "sm". Did you mean "sam"?
  admins     = ["ana", "an", 3, { name = "x" }, null] # ERROR: Invalid value | "admins": a user is required here, and this is an object without "uid". # ERROR: Invalid value | "admins": a user is required here, as in user.name, or its uid, and this is null.
}
output "o" {
  value = user.agent["sam"].nmae # ERROR: Unknown attribute | user.agent["sam"] has no attribute named "nmae". Did you mean "name"?
}
