sow {
  required_version = ">= 1.0" # ERROR: Invalid value | "required_version": this configuration asks for sow >= 1.0, and this is sow 0.1.0. Use another version of sow, or change the constraint.
  dataset          = "" # ERROR: Invalid value | "dataset": a dataset needs a name.
  allowed_apps     = ["[a"] # ERROR: Invalid value | "allowed_apps": "[a" is no pattern for an app id: * stands for any characters, ? for one, [ab] for one of those listed.
  anchor           = "-3d" # ERROR: Invalid value | "anchor": the anchor is what other times are relative to, so it is a full time itself, such as "2026-01-05T09:00:00Z".
}
cometchat {
  app_id   = user.ana.uid
  region   = "eu"
  endpoint = "chat.example.com/v3" # ERROR: Invalid value | "endpoint": "chat.example.com/v3" is no address of an app: write it as in "https://chat.example.com" or "http://127.0.0.1:8080".
  plan     = "fre" # ERROR: Invalid value | "plan": "fre" is not one of free and standard. Did you mean "free"?
}
user "ana" {
  name = sow.datset # ERROR: Reference to nothing | No setting named "datset" is declared. Did you mean "dataset"?
}
