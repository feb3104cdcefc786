# Every customer is greeted by their agent when the order is placed: one block,
# six conversations.
conversation "welcome" {
  for_each = local.customers

  between = [user.agent[each.value.agent], user.customer[each.key]]
  starts  = "-9d 10:00"

  message "welcome" {
    from = user.agent[each.value.agent]
    text = "Welcome to ${var.shop}, ${each.value.name}! I'm ${local.agents[each.value.agent].name}, and I look after your order ${each.value.order}. If anything comes up, write to me here."
    tags = ["welcome"]
  }

  # Plus customers get a second message.
  dynamic "message" {
    for_each = each.value.plan == "plus" ? ["plus"] : []
    labels   = [message.value]

    content {
      from  = user.agent[each.value.agent]
      after = "20s"
      text  = "As a Plus customer you can return anything within 60 days, and we pick it up at your door."
      tags  = ["welcome", "plus"]
    }
  }
}

# A broken lamp: photos, and a refund. Written as a transcript.
conversation "refund" {
  between = [user.customer["ana-lima"], user.agent["sam"]]
  starts  = "-3d 09:12"
  cast    = { ana = user.customer["ana-lima"], sam = user.agent["sam"] }
  script  = file("refund.chat")
}

# A sofa that has to go up four floors.
conversation "delivery" {
  between = [user.customer["jonas-weber"], user.agent["lena"]]
  starts  = "-2d 14:05"
  cast    = { jonas = user.customer["jonas-weber"], lena = user.agent["lena"] }
  script  = file("delivery.chat")
}

# A payment that was taken twice. Written in HCL, because it carries data.
conversation "payment" {
  between = [user.customer["priya-nair"], user.agent["omar"]]
  starts  = "-2d 11:30"
  pace    = "1m"

  message "question" {
    from        = user.customer["priya-nair"]
    text        = "Hello Omar, my bank shows two payments for the same desk. I only ordered one 🙂"
    custom_data = { order = "M-20389", topic = "payment" }
  }

  message {
    from = user.customer["priya-nair"]
    text = "Here is the statement, with everything else blacked out."
    attachment {
      url       = "${local.images}/payments/statement-m-20389.pdf"
      name      = "Statement.pdf"
      mime_type = "application/pdf"
    }
  }

  message {
    from  = user.agent["omar"]
    after = "6m"
    text  = "Thank you, that makes it easy. The first attempt timed out and was booked all the same, so we have your money twice. That's our mistake, and I'm sorry."
  }

  message "correction" {
    from        = user.agent["omar"]
    text        = "I have just sent the second payment back. Your bank will need two or three working days to show it."
    custom_data = { order = "M-20389", topic = "payment", amount = 349.00, currency = "EUR" }
    tags        = ["resolved"]
  }

  message {
    from  = user.customer["priya-nair"]
    after = "3m"
    text  = "That was quick. And the desk is beautiful, by the way."
  }

  message {
    from  = user.customer["priya-nair"]
    after = "20s"
    text  = "It fits under the window to the centimetre."
    attachment { url = "${local.images}/payments/desk-under-the-window.jpg" }
  }

  message {
    from = user.agent["omar"]
    text = "What a view! Enjoy it, and thank you for your patience."
  }
}

# A voice message and a short film.
conversation "assembly" {
  between = [user.customer["haruto-sato"], user.agent["kim"]]
  starts  = "-1d 08:40"
  cast    = { haruto = user.customer["haruto-sato"], kim = user.agent["kim"] }
  script  = file("assembly.chat")
}

# The team among itself.
conversation "team" {
  group  = group.team
  starts = "-3d 08:30"
  cast   = { for key, agent in user.agent : key => agent }
  script = file("team.chat")
}

# In the community, moderation has something to do.
conversation "community" {
  group  = group.community
  starts = "-4d 19:00"
  cast = {
    tom   = user.customer["tom-ellis"]
    chloe = user.customer["chloe-martin"]
    ana   = user.customer["ana-lima"]
    lena  = user.agent["lena"]
  }
  script = file("community.chat")
}
