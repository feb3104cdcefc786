user "ana" {
  name = "Ana Lima"
  lifecycle {
    prevent_destroy = true
  }
}

user "agent" {
  for_each = var.staff
  uid      = "agent-${each.key}"
  name     = each.value.name
  avatar   = "https://example.com/${each.key}.png"
  link     = "https://example.com/staff/${each.key}"
  role     = each.value.role
  metadata = { team = "support", "@private" = { desk = 7, b = null, a = [true] } }
  tags     = ["staff", sow.dataset]
}

user "bot" {
  count    = 2
  uid      = "bot-${count.index}"
  name     = "Bot ${count.index + 1}"
  metadata = { pin = var.door }
}

user "nobody" {
  for_each = toset([])
  uid      = each.key
  name     = each.key
}

group "lobby" {
  guid         = "the-lobby"
  name         = "Lobby of ${user.ana.name}"
  type         = "private"
  icon         = "https://example.com/lobby.png"
  description  = "Where everybody meets."
  owner        = user.ana
  admins       = [user.ana, "bot-0"]
  moderators   = values(user.agent)
  participants = []
  metadata     = { floor = 1 }
  tags         = ["public-ish"]
}

group "room" {
  for_each = { red = "Red", blue = "Blue" }
  guid     = "room-${each.key}"
  name     = each.value
  type     = "password"
  password = var.door
}
