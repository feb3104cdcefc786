sow { dataset = "syntax" }
user "ana" {
  name = "Ana
}
user "ben" {
  name = "Ben"
}
