sow { dataset = "variables" }
variable "needed" { # ERROR: No value for a variable | The variable "needed" has no default, so it needs a value. Give one in any of these ways:   sow … --var 'needed=…'   needed = … in sow.sowvars.hcl   export SOW_VAR_needed=…
  type = string
}
variable "ports" {
  type    = list(number)
  default = ["a"] # ERROR: Invalid value | "default": this default does not have the variable's type: [0]: a number is required.
}
variable "kind" { # ERROR: No value for a variable | The variable "kind" has no default, so it needs a value. Give one in any of these ways:   sow … --var 'kind=…'   kind = … in sow.sowvars.hcl   export SOW_VAR_kind=…
  type = strin # ERROR: Invalid type specification | The keyword "strin" is not a valid type specification.
}
variable "region" { # ERROR: Variable breaks its rule | The value of "region" does not meet the rule at main.sow.hcl, line 15: The region is us or in, not eu.
  type    = string
  default = "eu"
  validation {
    condition     = contains(["us", "in"], var.region)
    error_message = "The region is us or in, not ${var.region}."
  }
}
variable "names" {
  type = map(string)
}
variable "secret" { # ERROR: Invalid value for a variable | The value for "secret", given by --var, cannot be used: what is wrong with it is left out because it could show a sensitive value.
  type      = number
  sensitive = true
}
variable "object" {
  type = object({ name = string, age = optional(number, 7) })
}
variable "solid" {
  type     = string
  nullable = false
}
variable "firm" {
  default  = null # ERROR: Invalid value | "default": the variable is not nullable, so its default cannot be null. Remove the default, or nullable = false.
  nullable = false
}
variable "wrong" {
  default = local.x # ERROR: Unknown name | Nothing can be referred to here: the value must be written out.
  unknown = 1 # ERROR: Unsupported argument | An argument named "unknown" is not expected here.
}
variable "rule" {
  default = 1
  validation {
    condition     = var.other == 1 # ERROR: Reference to nothing | No variable named "other" is declared.
    error_message = "no"
  }
  validation {
    condition     = "yes please" # ERROR: Invalid value | "condition": true or false is required here, not a string.
    error_message = "no"
  }
  validation { # ERROR: Missing required argument | The argument "error_message" is required, but no definition was found.
    condition = true
  }
}
variable "needed" { # ERROR: Name declared twice | A variable named "needed" is declared already, at main.sow.hcl, line 2. Rename one of them.
}
locals {
  x = var.region
}
user "ana" {
  name = var.needed
}
variable "quoted" {
  type    = "string" # ERROR: Invalid type specification | A type is written without quotes: type = string
  default = "a"
}
variable "late" { # ERROR: Variable breaks its rule | does not meet the rule at main.sow.hcl, line 71: Only 3.
  default   = 5
  ephemeral = true # ERROR: Unsupported argument | Values that are never shown are declared with sensitive = true.
  validation {
    condition     = var.late <= local.most
    error_message = "Only ${local.most}."
  }
  validation {
    condition     = local.nope # ERROR: Reference to nothing | No local value named "nope" is declared.
    error_message = "no"
  }
}
locals {
  most  = 3
  after = var.late
}
variable "bare" {
  sensitive = true
}
variable "typed" {
  type      = number
  sensitive = true
}
