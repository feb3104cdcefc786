sow {
  dataset = "sensitive"
}
variable "uid" {
  default   = "hunter2"
  sensitive = true
}
variable "map" {
  default   = { hunter2 = "x" }
  sensitive = true
}
variable "rule" { # ERROR: Variable breaks its rule | The value of "rule" does not meet the rule at main.sow.hcl, line 15: The rule's error_message is not shown, because it holds a sensitive value.
  default   = "hunter2"
  sensitive = true
  validation {
    condition     = length(var.rule) > 10
    error_message = "${var.rule} is too short."
  }
}
user "ana" {
  uid  = var.uid # ERROR: Sensitive value in public | The value of "uid" is sensitive, but plans and the state show it. Use nonsensitive() if it is no secret.
  name = "Ana"
}
user "ben" {
  for_each = var.map # ERROR: Invalid for_each | the value of for_each is sensitive, but its keys would become part of addresses, which are shown. Use nonsensitive() on the keys if they are no secret.
  uid      = each.key
  name     = "Ben"
}
user "carl" {
  count = length(var.map) # ERROR: Invalid count | the value of count is sensitive, but the number of instances is shown.
  uid   = "carl-${count.index}"
  name  = "Carl"
}
user "dora" {
  name   = "Dora"
  avatar = var.uid # ERROR: Invalid value | "avatar": the value breaks a rule of this argument. It is sensitive, so the error that could show it is left out.
  tags   = [var.uid, var.uid] # ERROR: Invalid value | "tags": the value breaks a rule of this argument. It is sensitive, so the error that could show it is left out.
}
user "eve" {
  name = jsondecode(var.uid) # ERROR: Error in function call | The expression failed. Its error is not shown because it could hold a sensitive value.
}
user "fred" {
  name = file(var.uid) # ERROR: Invalid function argument | The expression failed. Its error is not shown because it could hold a sensitive value.
}
group "den" {
  name     = "Den"
  type     = "password"
  password = "${var.uid}${join("", [for i in range(200) : "x"])}" # ERROR: Invalid value | "password": the value breaks a rule of this argument. It is sensitive, so the error that could show it is left out.
}
output "uid" {
  value = var.uid # ERROR: Output shows a sensitive value | The value comes from a sensitive one, and outputs are printed. If that is what you want, say so:   sensitive = true The value is then left out of what people see.
}
conversation "c" {
  between = ["dora", "fred"]
  starts  = var.uid # ERROR: Sensitive value in public | The value of "starts" is sensitive, but plans and the state show it. Use nonsensitive() if it is no secret.
  message {
    from = "dora"
    text = var.uid
    type = var.uid # ERROR: Sensitive value in public | The value of "type" is sensitive, but plans and the state show it. Use nonsensitive() if it is no secret.
  }
  dynamic "message" {
    for_each = ["x"]
    labels   = [var.uid] # ERROR: Sensitive value in public | The value of "labels" is sensitive, but plans and the state show it. Use nonsensitive() if it is no secret.
    content {
      from = "dora"
      text = "x"
    }
  }
  message {
    from = "dora"
    text = "${var.uid} and mail hunter2@example.com" # WARNING: Value may not work as meant | "text": The message may be refused or blocked because of its content, which is sensitive.
  }
  message {
    from = "dora"
    text = substr(var.uid, 0, 0) # ERROR: Invalid value | "text": the value breaks a rule of this argument. It is sensitive, so the error that could show it is left out.
  }
}
group "members" {
  name       = "Members"
  owner      = sensitive("dora") # ERROR: Invalid value | "owner": who is meant is sensitive
  moderators = sensitive(["fred"]) # ERROR: Invalid value | "moderators": who is meant is sensitive
}
