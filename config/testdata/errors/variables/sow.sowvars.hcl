names  = ["a"] # ERROR: Invalid value for a variable | The value for "names", given by sow.sowvars.hcl, cannot be used: map of string required.
object = { age = "old" } # ERROR: Invalid value for a variable | The value for "object", given by sow.sowvars.hcl, cannot be used: attribute "name" is required.
solid  = null # ERROR: Invalid value for a variable | The value for "solid", given by sow.sowvars.hcl, cannot be used: the variable is not nullable, and has no default that could stand in for null.
nedeed = "x" # WARNING: Value for an undeclared variable | The configuration declares no variable named "nedeed", so this value is not used. Did you mean "needed"?
bare  = hunter2 # ERROR: Invalid value for a variable | The value for "bare", given by sow.sowvars.hcl, cannot be used: what is wrong with it is left out
typed = "hunter2" # ERROR: Invalid value for a variable | The value for "typed", given by sow.sowvars.hcl, cannot be used: what is wrong with it is left out
