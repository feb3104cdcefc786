# A neighbourhood's marketplace: 40 people, 56 deals between two of them, and
# four rooms for everybody, about 2,000 messages in all. Everything is read
# from the files in data, which `go run ./generate` writes.

sow {
  dataset = "marketplace"
}

locals {
  people = { for p in csvdecode(file("data/people.csv")) : p.uid => p }
  deals  = { for d in csvdecode(file("data/deals.csv")) : d.id => d }
  rooms  = { for r in csvdecode(file("data/rooms.csv")) : r.guid => r }
  images = "https://example.com/marketplace"
}

user "member" {
  for_each = local.people

  uid      = each.key
  name     = each.value.name
  avatar   = "${local.images}/people/${each.key}.jpg"
  metadata = { area = each.value.area }
  tags     = ["member"]
}

group "room" {
  for_each = local.rooms

  guid        = each.key
  name        = each.value.name
  description = each.value.description
  type        = "public"
  icon        = "${local.images}/rooms/${each.key}.png"
  owner       = user.member[each.value.owner]
  tags        = ["room"]
}

conversation "deal" {
  for_each = local.deals

  between = [user.member[each.value.buyer], user.member[each.value.seller]]
  source  = "data/deals/${each.key}.jsonl"
}

conversation "room" {
  for_each = local.rooms

  group  = group.room[each.key]
  source = "data/rooms/${each.key}.csv"
}

output "size" {
  description = "How much there is."
  value       = "${length(local.people)} people, ${length(local.deals)} deals, ${length(local.rooms)} rooms"
}
