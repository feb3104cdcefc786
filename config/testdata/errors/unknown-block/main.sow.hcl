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
