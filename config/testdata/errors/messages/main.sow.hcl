sow { dataset = "messages" }
user "ana" { name = "Ana" }
user "ben" { name = "Ben" }
user "eve" { name = "Eve" }
conversation "c" {
  between = [user.ana, user.ben]
  message { # ERROR: Missing required argument | The argument "from" is required, but no definition was found.
    text = "Who says so?"
  }
  message {
    from = user.eve # ERROR: Invalid value | "from": user.eve takes no part in this conversation, which is between user.ana and user.ben.
    text = "I do not belong here."
  }
  message {
    from = user.ana
    text = "" # ERROR: Invalid value | "text": the message says nothing: give it a text or an attachment.
  }
  message { # ERROR: Invalid value | "text": the message says nothing: give it a text or an attachment.
    from = user.ana
  }
  message {
    from = user.ana
    txt  = "Typo" # ERROR: Unsupported argument | An argument named "txt" is not expected here. Did you mean "text"?
  }
  message "hello" {
    from = user.ana
    text = "one"
  }
  message "hello" { # ERROR: Label used twice | The conversation has a message with the label "hello" already, at main.sow.hcl, line 25. Labels make addresses, so each is used once.
    from = user.ana
    text = "two"
  }
  message "~3fa9c01b77e24d10" { # ERROR: Invalid value | "label": the label "~3fa9c01b77e24d10" has the character '~': a label is made of letters, digits and - _ . : and begins with a letter, a digit or _.
    from = user.ana
    text = "reserved"
  }
  message "a" "b" { # ERROR: More than one label | A message has at most one label, which becomes part of its address.
    from = user.ana
    text = "labels"
  }
  message {
    from  = user.ana
    text  = "times"
    at    = "-3d"
    after = "2m" # ERROR: Invalid value | "after": a message has "at" or "after", not both.
  }
  message {
    from = user.ana
    text = "time"
    at   = "3d ago" # ERROR: Invalid value | "at": "3d ago" is no time: write it from the anchor ("-2h", "-1h30m", "-3d", "-2w"), as a UTC clock time on a day from the anchor's ("-3d 09:12", "+0d 18:00:30"), or in full ("2026-01-05T09:00:00Z").
  }
  message {
    from  = user.ana
    text  = "time"
    after = "soon" # ERROR: Invalid value | "after": "soon" is no length of time: write it like "45s", "2m", "1h30m", "1d" or "2w".
  }
  message {
    from   = user.ana
    text   = "status"
    expect = "pending" # ERROR: Invalid value | "expect": pending is where moderation begins, not where it ends: expect approved or disapproved.
  }
  message {
    from   = user.ana
    text   = "status"
    expect = "aproved" # ERROR: Invalid value | "expect": "aproved" is no status that moderation ends with: it is approved or disapproved. Did you mean "approved"?
  }
  message {
    from = user.ana
    text = "<@uid:a> <@uid:b> <@uid:c> <@uid:d> <@uid:e> <@uid:f> <@uid:g> <@uid:h> <@uid:i> <@uid:j> <@uid:k>" # ERROR: Invalid value | "text": the text mentions more than 10 people, which is the limit: split the message.
  }
  message {
    from = user.ana
    text = "tags"
    tags = ["sow:mine"] # ERROR: Invalid value | "tags": the tag "sow:mine" begins with "sow:", which is kept for the tag that sow adds itself: give it another beginning.
  }
  message {
    from = user.ana
    text = "tags"
    tags = "vip" # ERROR: Invalid value | "tags": a list is required here, not a string.
  }
  message {
    from     = user.ana
    text     = "metadata"
    metadata = ["a"] # ERROR: Invalid value | "metadata": an object is required here, not a tuple.
  }
  message {
    from = user.ana
    type = "image" # ERROR: Invalid value | "type": a message of type image needs an attachment: add one, or leave the type away.
    text = "no image"
  }
  message {
    from = user.ana
    type = "text" # ERROR: Invalid value | "type": a message of type text has no attachments: leave the type away, and it follows from the attachments.
    attachment {
      url = "https://example.com/a.jpg"
    }
  }
  message {
    from = user.ana
    attachment {
      url = "parcel.jpg" # ERROR: Invalid value | "attachment": "parcel.jpg" is no full URL: write it from the beginning, as in "https://example.com/photo.jpg".
    }
    attachment {
      url = "https://example.com/thing" # ERROR: Invalid value | "attachment": nothing tells what kind of file https://example.com/thing is: give its mime_type, as in mime_type = "image/jpeg".
    }
    attachment { # ERROR: Missing required argument | The argument "url" is required, but no definition was found.
      name = "no url"
    }
  }
  message {
    from = user.ana
    text = "lifecycle"
    lifecycle {
      prevent_destroy = true # ERROR: Unsupported argument | An argument named "prevent_destroy" is not expected here.
    }
  }
  message {
    from = null # ERROR: Invalid value | "from": a message is from somebody, and this is null.
    text = "from nobody"
  }
  message {
    from = user.an # ERROR: Reference to nothing | No user named "an" is declared. Did you mean "ana"?
    text = user.ben.nam # ERROR: Unknown attribute | user.ben has no attribute named "nam". Did you mean "name"?
  }
  message {
    from = user.ana
    text = "Call me on +49 170 1234567" # WARNING: Value may not work as meant | "text": The text holds what looks like the phone number +49 170 1234567. Moderation rules often block messages with phone numbers. So it is with another message of this conversation.
  }
  message {
    from = user.ana
    text = "or write to ana@example.com"
  }
  message {
    from = user.ana
    text = { a = 1 } # ERROR: Invalid value | "text": a string is required here, not an object.
  }
  message { # ERROR: Missing required argument | The argument "from" is required, but no definition was found.
    text   = "" # ERROR: Invalid value | "text": the message says nothing: give it a text or an attachment.
    expect = "aproved" # ERROR: Invalid value | Did you mean "approved"?
  }
  message {
    from   = user.eev # ERROR: Reference to nothing | No user named "eev" is declared. Did you mean "eve"?
    text   = local.nothing # ERROR: Reference to nothing | No local value named "nothing" is declared.
    tags   = ["a", "a"] # ERROR: Invalid value | "tags": the tag "a" is there twice: leave one away.
    expect = "pending" # ERROR: Invalid value | "expect": pending is where moderation begins, not where it ends: expect approved or disapproved.
  }
  message {
    from = user.ana
    type = "image"
    attachment {
      url = "parcel.jpg" # ERROR: Invalid value | "attachment": "parcel.jpg" is no full URL
    }
    attachment {} # ERROR: Missing required argument | The argument "url" is required, but no definition was found.
  }
}
