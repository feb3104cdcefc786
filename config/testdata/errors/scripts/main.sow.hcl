sow { dataset = "scripts" }
user "ana" { name = "Ana" }
user "ben" { name = "Ben" }
conversation "file" {
  between = [user.ana, user.ben]
  cast    = { B = user.ben, C = user.ana } # WARNING: Name without use | The cast names "C", and nobody speaks under that name.
  script  = file("chat.chat")
}
conversation "heredoc" {
  between = [user.ana, user.ben]
  # ERROR(+3): Invalid value | "from": nobody is known as "bne" here. Did you mean "ben"?
  script  = <<-EOT
    ana: Hi
    bne: Hello
      again
  EOT
}
conversation "missing" {
  between = [user.ana, user.ben]
  script  = file("nothere.chat") # ERROR: Invalid function argument | Invalid value for "path" parameter: there is no file "nothere.chat" in the configuration's directory.
}
conversation "template" {
  between = [user.ana, user.ben]
  script  = "ana: Hi\nbne: ${upper("hello")}" # ERROR: Invalid value | "from": nobody is known as "bne" here. Did you mean "ben"? A name is one of the conversation's cast, a user's label, or a uid. This is in line 2 of the script.
}
conversation "outside" {
  between = [user.ana, user.ben]
  source  = "../messages/history.jsonl" # ERROR: Cannot read the source | "../messages/history.jsonl" is outside of the configuration's directory, and sources are read from inside it only.
}
conversation "nosource" {
  between = [user.ana, user.ben]
  source  = "nothere.jsonl" # ERROR: Cannot read the source | "nothere.jsonl" cannot be read: no such file or directory.
}
conversation "source" {
  between = [user.ana, user.ben]
  source  = "history.jsonl"
}
