# Three people open a bakery's online shop. Two conversations: one in a group,
# as a transcript, and one between two people, in HCL.

sow {
  dataset = "quickstart"
}

user "ana" {
  name   = "Ana Lima"
  avatar = "https://example.com/avatars/ana.jpg"
}

user "sam" {
  name   = "Sam Ochoa"
  avatar = "https://example.com/avatars/sam.jpg"
}

user "mina" {
  name   = "Mina Park"
  avatar = "https://example.com/avatars/mina.jpg"
}

group "opening" {
  name  = "Opening week"
  type  = "public"
  icon  = "https://example.com/groups/opening.png"
  owner = user.ana
}

conversation "opening" {
  group  = group.opening
  starts = "-3d 09:00"
  script = file("opening.chat")
}

conversation "bread" {
  between = [user.ana, user.mina]
  starts  = "-1d 16:20"

  message "photos" {
    from = user.mina
    text = "The bread photos are ready. I like the second one best, the crust catches the light."

    attachment { url = "https://example.com/bread/rye-1.jpg" }
    attachment { url = "https://example.com/bread/rye-2.jpg" }
  }

  message {
    from  = user.ana
    after = "4m"
    text  = "Agreed, the second one. Could you crop it a little closer for the front page?"
  }

  message {
    from = user.mina
    text = "Sure, give me ten minutes."
  }

  message "cropped" {
    from  = user.mina
    after = "11m"
    text  = "Here it is."

    attachment { url = "https://example.com/bread/rye-2-cropped.jpg" }
  }

  message {
    from = user.ana
    text = "Perfect. It's on the page already. Thank you!"
  }
}
