sow { dataset = "dynamic" }
user "ana" { name = "Ana" }
user "ben" { name = "Ben" }
variable "secret" {
  default   = ["a"]
  sensitive = true
}
conversation "c" {
  between = [user.ana, user.ben]
  dynamic "mesage" { # ERROR: Dynamic block of an unknown type | Here, a dynamic block can generate "message" blocks, and not "mesage". Did you mean "message"?
    for_each = ["a"]
    content {
      from = user.ana
      text = "x"
    }
  }
  dynamic { # ERROR: Dynamic block of no type | A dynamic block says what it generates: dynamic "message".
    for_each = ["a"]
    content {
    }
  }
  dynamic "message" { # ERROR: Dynamic block without content | A dynamic block has one "content" block, which is the body of the blocks that it generates. This has 0.
    for_each = ["a"]
  }
  dynamic "message" { # ERROR: Missing required argument | The argument "for_each" is required, but no definition was found.
    content {
      from = user.ana
      text = "x"
    }
  }
  dynamic "message" {
    for_each = "abc" # ERROR: Invalid value | "for_each": a list, a map, an object or a set is required here, not a string.
    content {
      from = user.ana
      text = "x"
    }
  }
  dynamic "message" {
    for_each = null # ERROR: Invalid value | "for_each": the value is null. To generate nothing, use an empty list: [].
    content {
      from = user.ana
      text = "x"
    }
  }
  dynamic "message" {
    for_each = var.secret # ERROR: Invalid value | "for_each": the value is sensitive, but the number of its elements is shown.
    content {
      from = user.ana
      text = "x"
    }
  }
  dynamic "message" {
    for_each = ["a", "b"]
    labels   = ["same"] # ERROR: Label used twice | The conversation has a message with the label "same" already, at main.sow.hcl, line 54. Labels make addresses, so each is used once.
    content {
      from = user.ana
      text = message.vaule # ERROR: Unknown attribute | message has no attribute named "vaule". Did you mean "value"?
    }
  }
  dynamic "message" {
    for_each = ["a"]
    iterator = "line" # ERROR: Invalid name | The iterator is a name without quotes, such as: iterator = line
    content {
      from = user.ana
      text = "x"
    }
  }
  dynamic "message" {
    for_each = ["a"]
    labels   = ["x", "y"] # ERROR: More than one label | A message has at most one label, which becomes part of its address, and this gives it 2.
    content {
      from = user.ana
      text = "x"
    }
  }
  message {
    from = user.ana
    dynamic "message" { # ERROR: Dynamic block of an unknown type | Here, a dynamic block can generate "attachment" blocks, and not "message".
      for_each = ["a"]
      content {
      }
    }
    dynamic "attachment" {
      for_each = ["a"]
      labels   = ["x"] # ERROR: Attachment with a label | Attachments have no labels.
      content {
        url = "https://example.com/${attachment.value}.jpg"
      }
    }
  }
}
