# A small dataset to begin with. Change it, run sow plan, see what differs.

sow {
  dataset = "demo"
}

# Which app it goes to. Both may come from COMETCHAT_APP_ID and COMETCHAT_REGION
# instead; the API key comes from COMETCHAT_API_KEY and is never written here.
#
# cometchat {
#   app_id = "2604abc"
#   region = "us"
# }

user "ana" {
  name = "Ana Lima"
}

# for_each makes one user of every element, as in Terraform.
user "agent" {
  for_each = {
    sam = "Sam Ochoa"
    kim = "Kim Haneul"
  }

  uid  = "agent-${each.key}"
  name = each.value
  tags = ["staff"]
}

group "lobby" {
  name  = "Lobby"
  type  = "public"
  owner = user.agent["sam"]
}

# Times count from the anchor: the moment of the first apply, unless the sow
# block pins it.
conversation "refund" {
  between = [user.ana, user.agent["sam"]]
  starts  = "-2d 09:12"
  pace    = "45s"

  # A label makes an address that survives edits of the text.
  message "hello" {
    from = user.ana
    text = "Hi! My order hasn't arrived."
  }

  message {
    from  = user.agent["sam"]
    after = "2m"
    text  = "Sorry to hear that. I have found your parcel, it comes tomorrow."
  }

  message {
    from = user.ana
    text = "Great, thank you!"
  }
}

# Long conversations read better as a transcript.
conversation "welcome" {
  group  = group.lobby
  cast   = { sam = user.agent["sam"], kim = user.agent["kim"] }
  script = file("welcome.chat")
}
