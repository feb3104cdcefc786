conversation "refund" {
  between = [user.ana, user.agent["sam"]]
  starts  = "-3d 09:12"
  pace    = "45s"
  lifecycle {
    order   = "strict"
    on_edit = "replace"
  }

  message "hello" {
    from = user.ana
    text = "Hi! My order hasn't arrived. \"Where\" is it?\n"
  }
  message {
    from  = user.agent["sam"]
    after = "2m"
    text  = "Sorry to hear that, ${user.ana.name}. Is this the parcel?"
    attachment { url = "https://example.com/parcel.jpg" }
    expect = "approved"
    lifecycle {
      on_edit = "update"
    }
  }
  dynamic "message" {
    for_each = ["one", "two"]
    iterator = line
    labels   = ["line-${line.key}"]
    content {
      from = line.key == 0 ? user.ana : user.agent["sam"]
      text = "${line.value} — ${upper(line.value)}"
      dynamic "attachment" {
        for_each = { for ext, type in { pdf = "application/pdf", dat = "application/x-own" } : ext => type if line.key > 0 }
        content {
          url       = "https://example.com/file"
          name      = "${line.value}.${attachment.key}"
          mime_type = attachment.value
          extension = attachment.key
          size      = 1024
        }
      }
    }
  }
  message {
    from        = user.ana
    at          = "2026-01-03T10:00:00+01:00"
    text        = <<-EOT
      Two
        lines.
    EOT
    tags        = ["vip", "refund"]
    metadata    = { z = 1, a = { "<b>" = "é" } }
    custom_data = { order = "A-1042" }
  }
  message {
    from = "agent-sam"
    text = "The door is ${var.door}."
  }
}

conversation "welcome" {
  for_each = user.agent
  group    = group.lobby
  message {
    from = user.agent[each.key]
    text = "Hello, I am ${each.value.name}."
  }
  message "evaluated" {
    from = user.bot[length("a")] # has a sensitive pin
    text = "I am a bot."
  }
  message "plain" {
    from = user.bot[0]
    text = "Welcome!"
  }
}

conversation "script" {
  group  = "the-lobby"
  cast   = { Samuel = user.agent["sam"] }
  script = file("chats/lobby.chat")
}

conversation "inline" {
  count   = 2
  between = [user.ana, user.agent["kim"]]
  starts  = "-${count.index + 1}d"
  script  = <<-EOT
    ana: Hi Kim!              #hi
    +2m
    kim: Hi.
      How are you?
    ana: [image https://example.com/me.png] so
  EOT
}

conversation "source" {
  group  = group.room["red"]
  source = "history.jsonl"
  message {
    from = user.ana
    text = "First."
  }
}

conversation "quiet" {
  group = group.room["blue"]
}
