variable "team" {}
variable "floor" {
  default = 1
}
user "ana" {
  name = var.team
  tags = [var.floor, local.nope] # ERROR: Reference to nothing | No local value named "nope" is declared.
}
