sow { dataset = "unknown" }
user "ana" { name = "Ana" }
user "ben" { name = "Ben" }
usr "carl" { name = "Carl" } # ERROR: Unknown block | There are no blocks of type "usr". Did you mean "user"?
attachment {} # ERROR: Unknown block | It belongs into a conversation.
conversation "c" {
  between = [user.carl, user.ben]
  message {
    from = user.carl
    text = "I may have been meant."
  }
}
conversation "d" {
  between = [user.ana, user.bne] # ERROR: Reference to nothing | No user named "bne" is declared. Did you mean "ben"?
}
group "lobby" {
  name       = "Lobby"
  depends_on = [user.ana] # ERROR: Unsupported argument | What is needed first follows from the references.
  provider   = x          # ERROR: Unsupported argument | There is one app, which the "cometchat" block names.
  lifecycle {
    ignore_changes = [name] # ERROR: Unsupported argument | An argument that is left out is not managed.
    precondition {          # ERROR: Unsupported block type | belongs into a "validation" block of a variable.
      condition = true
    }
  }
  provisioner "local-exec" {} # ERROR: Unsupported block type | Nothing is run for an object.
}
