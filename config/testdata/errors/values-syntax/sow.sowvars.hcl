team = "support" "staff" # ERROR: Missing newline after argument | An argument definition must end with a newline.
