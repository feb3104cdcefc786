sow { dataset = "conversations" }
user "ana" { name = "Ana" }
user "ben" { name = "Ben" }
user "eve" { name = "Eve" }
group "lobby" { name = "Lobby" }
group "den" { name = "Den" }
conversation "nobody" { # ERROR: Conversation without people | A conversation says who talks:   between = [user.…, user.…] or:   group = group.…
  starts = "-3d"
}
conversation "both" {
  between = [user.ana, user.ben]
  group   = group.lobby # ERROR: Both between and group | A conversation is "between" two users or in a "group", not both.
}
conversation "self" {
  between = [user.ana, user.ana] # ERROR: Invalid value | "between": user.ana cannot talk with themselves. Name two users.
}
conversation "self_too" {
  between = ["ana", user.ana] # ERROR: Invalid value | "between": user.ana cannot talk with themselves. Name two users.
  message {
    from = user.ana
    text = "hm"
  }
}
conversation "three" {
  between = [user.ana, user.ben, user.eve] # ERROR: Invalid value | "between": a conversation is between two users, and this lists 3. For more people, declare a group, and use it with group = group.….
}
conversation "none" {
  between = user.ana # ERROR: Invalid value | "between": a list is required here, not an object.
}
conversation "typo" {
  between = [user.ana, "bn"] # ERROR: Invalid value | "between": no user with the uid "bn" is declared. Did you mean "ben"?
}
conversation "group" {
  group = user.ana # ERROR: Invalid value | "group": a group is required here, and this is an object without "guid".
}
conversation "many" {
  group = [group.lobby] # ERROR: Invalid value | "group": a single group is required here, and this has 1. Say which, with its number: [0].
}
conversation "times" {
  group  = group.lobby
  starts = "yesterday" # ERROR: Invalid value | "starts": "yesterday" is no time: write it from the anchor ("-2h", "-1h30m", "-3d", "-2w"), as a UTC clock time on a day from the anchor's ("-3d 09:12", "+0d 18:00:30"), or in full ("2026-01-05T09:00:00Z").
  pace   = "0s" # ERROR: Invalid value | "pace": messages of a chat are at least one second apart, so the pace is 1s or more.
}
conversation "keys" {
  for_each = ["a", "b"] # ERROR: Invalid for_each | for_each takes a map, an object or a set of strings, and this is a tuple, whose elements have no names. If they are strings, and no two are equal, use toset() on it.
  group    = group.lobby
}
conversation "count" {
  count = -1 # ERROR: Invalid count | count cannot be negative.
  group = group.lobby
}
conversation "counted" {
  for_each = toset(["a"])
  count    = 1 # ERROR: Both for_each and count | A block has "for_each" or "count", not both. Keep "for_each" when the objects have names of their own.
  group    = group.lobby
}
conversation "cast" {
  group = group.lobby
  cast  = { a = user.nobody, b = "bn", c = user.ben } # ERROR: Reference to nothing | No user named "nobody" is declared.
  lifecycle {
    order   = "loose" # ERROR: Invalid value | "order": "loose" is not one of relaxed and strict.
    on_edit = "ignore" # ERROR: Invalid value | "on_edit": "ignore" is not one of update and replace.
  }
}
conversation "null_group" { # ERROR: Conversation without people
  group = null
}
conversation "null_between" { # ERROR: Conversation without people
  between = null
}
