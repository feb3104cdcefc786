sow { dataset = "users" }
user "Ana" { # ERROR: Invalid value | "uid": the uid "Ana" has capitals, which the app would store as "ana": write "ana". The label stands in for "uid", which the block does not have; add it to use another.
  name = "Ana"
}
user "ben" {
  uid  = "Ben Doe" # ERROR: Invalid value | "uid": the uid "Ben Doe" has the character ' ': a uid is made of a-z, 0-9, - and _.
  name = "Ben"
}
user "carl" { # ERROR: Missing required argument | The argument "name" is required, but no definition was found.
}
user "dora" {
  name     = "" # ERROR: Invalid value | "name": the name is empty: give it at least one visible character.
  avatar   = "dora.png" # ERROR: Invalid value | "avatar": "dora.png" is no full URL: write it from the beginning, as in "https://example.com/photo.jpg".
  tags     = ["a", "a"] # ERROR: Invalid value | "tags": the tag "a" is there twice: leave one away.
  metadata = "x" # ERROR: Invalid value | "metadata": an object is required here, not a string.
  role     = "Big Boss" # ERROR: Invalid value | "role": the role "Big Boss" has the character ' ': a role is made of a-z, 0-9, - and _.
}
user "eve" {
  uid  = "fred"
  name = "Eve"
}
user "fred" { # ERROR: Id used twice | The uid "fred" of user.fred belongs to user.eve already, at main.sow.hcl, line 19. Give each its own.
  name = "Fred"
}
user "many" { # ERROR: Invalid value | "uid": all objects of this block would have the uid "many". Give each its own, such as:   uid = "many-${each.key}".
  for_each = toset(["a", "b"])
  name     = each.key
}
user "list" {
  for_each = ["a", "b"] # ERROR: Invalid for_each | for_each takes a map, an object or a set of strings, and this is a tuple, whose elements have no names. If they are strings, and no two are equal, use toset() on it.
  uid      = "list-${each.key}"
  name     = each.value
}
user "nothing" {
  for_each = null # ERROR: Invalid for_each | the value of for_each is null. To declare no instances, use an empty map: {}.
  uid      = "nothing-${each.key}"
  name     = each.value
}
user "number" {
  count = "many" # ERROR: Invalid count | a whole number is required here, not a string.
  uid   = "number-${count.index}"
  name  = "Number"
}
user "same" {
  count = 2
  uid   = "same" # ERROR: Id used twice | The uid "same" of user.same[1] belongs to user.same[0] already, at main.sow.hcl, line 46. Give each its own.
  name  = "Same"
}
user "null" {
  uid  = null # ERROR: Invalid value | "uid": the value is null. Leave the argument out to use the block's label.
  name = "Null"
}
user "long" {
  name = "A name that is much too long for the app, which takes a hundred characters and not a single one more than that" # ERROR: Invalid value | "name": the name is 110 characters long, and the limit is 100: shorten it.
}
group "Den" { # ERROR: Invalid value | "guid": the guid "Den" has capitals, which the app would store as "den": write "den". The label stands in for "guid", which the block does not have; add it to use another.
  name = "Den"
}
group "secret" {
  name = "Secret"
  type = "password" # ERROR: Invalid value | "type": a group with type = "password" needs a password. Give it one from a sensitive variable: password = var.….
}
group "open" {
  name     = "Open"
  password = "hunter2" # ERROR: Password without use | Only groups with type = "password" have a password, and this one is public.
}
group "kind" {
  name = "Kind"
  type = "protected" # ERROR: Invalid value | "type": a group of type "protected" is called "password" here: write type = "password".
}
group "twice" {
  name         = "Twice"
  owner        = "fred"
  admins       = ["fred"]
  moderators   = ["fred"] # ERROR: Invalid value | "moderators": user.fred is named among the admins already, and a member has one scope.
  participants = ["ben"]
}
