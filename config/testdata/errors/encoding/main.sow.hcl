sow { dataset = "encoding" }
user "ana" {
  name = "Zoë"
}
