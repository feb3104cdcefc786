sow {
  dataset = "blocks"
}
usr "ana" { # ERROR: Unknown block | There are no blocks of type "usr". Did you mean "user"?
  name = "Ana"
}
user { # ERROR: Block without a name | A "user" block has a name, which references and addresses call it by: user "name" { … }
  name = "Nameless"
}
user "ben" "b" { # ERROR: Block with several names | A "user" block has one name, and this has 2. Remove "b".
  name = "Ben"
}
user "9lives" { # ERROR: Invalid name | "9lives" cannot name a user: a name begins with a letter or an underscore, and goes on with letters, digits, - and _.
  name = "Cat"
}
user "ana" {
  name = "Ana"
}
user "ana" { # ERROR: Name declared twice | A user named "ana" is declared already, at main.sow.hcl, line 16. Rename one of them.
  name = "Ana again"
}
locals "x" { # ERROR: Block with a name | A "locals" block has no name. Remove "x".
}
module "chats" { # ERROR: Not supported yet | "module" blocks are not supported by this version of sow. Remove the block to go on.
  source = "./chats"
}
moved { # ERROR: Not supported yet | "moved" blocks are not supported by this version of sow. Remove the block to go on.
  from = user.a
  to   = user.b
}
message { # ERROR: Unknown block | There are no blocks of type "message". It belongs into a conversation.
  from = user.ana
}
sow { # ERROR: Block declared twice | A dataset has one "sow" block, and it stands at main.sow.hcl, line 1. Put the arguments into that one.
  dataset = "again"
}
cometchat {
  region = "mars" # ERROR: Invalid value | "region": "mars" is not one of us, eu and in.
  rate {
    requests_per_minute = 0 # ERROR: Invalid value | "requests_per_minute": a whole number from 1 on is required here.
  }
  rate { # ERROR: Block declared twice | There is one "rate" block, and it stands at main.sow.hcl, line 39.
  }
}
cometchat { # ERROR: Block declared twice | A dataset has one "cometchat" block, and it stands at main.sow.hcl, line 37. Put the arguments into that one.
}
conversation "y" {
  betwen = [user.ana, user.ben] # ERROR: Unsupported argument | An argument named "betwen" is not expected here. Did you mean "between"?
  message {
    fro  = user.ana # ERROR: Unsupported argument | An argument named "fro" is not expected here. Did you mean "from"?
    text = "Who says so?"
  }
}
conversation "x" {
  between = [user.ana, user.ben]
  messages { # ERROR: Unsupported block type | Blocks of type "messages" are not expected here. Did you mean "message"?
  }
}
user "eve" {
  nmae = "Eve" # ERROR: Unsupported argument | An argument named "nmae" is not expected here. Did you mean "name"?
  lifecycle {
    prevent_destroyed = true # ERROR: Unsupported argument | An argument named "prevent_destroyed" is not expected here. Did you mean "prevent_destroy"?
  }
  lifecycle { # ERROR: Block declared twice | There is one "lifecycle" block, and it stands at main.sow.hcl, line 61.
  }
}
