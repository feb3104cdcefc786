terraform { # ERROR: Unknown block | What holds for the whole dataset stands in a "sow" block.
  required_version = ">= 1.0"
}
provider "cometchat" { # ERROR: Unknown block | The app is named by a "cometchat" block
  api_key = "x"
}
resource "cometchat_user" "ana" { # ERROR: Unknown block | What is seeded are "user", "group" and "conversation" blocks
  name = "Ana"
}
data "cometchat_user" "ana" {} # ERROR: Unknown block | A plan reads nothing but the configuration's directory
ephemeral "random" "pin" {}    # ERROR: Unknown block | Values that are never shown come from a variable with sensitive = true.
user "bob" {
  name = cometchat_user.ana.name # ERROR: Unknown name | There is nothing named "cometchat_user" here.
}
