name = "x" # ERROR: Argument outside of a block | An argument named "name" is not expected here. Arguments stand in blocks.
user "ana" {
  name = "Ana"
}
