appliance "a" {
  state_dir = secret("token")
}

locals {
  token = secret("token")
}

variable "pin" {
  sensitive = true
}

variable "spelt_out" {
  sensitive = true
  default   = "l1teral-default"
}

stt "literal" {
  url   = "http://host"
  token = "l1teral"
}

stt "literal_part" {
  url   = "http://host"
  token = upper("l1teral")
}

stt "derived" {
  url      = "http://${local.token}"
  language = lower(local.token)
  token    = local.token
}

stt "pin" {
  url      = "http://host"
  language = var.pin
  command  = [var.pin]
}

model "conversions" {
  source    = "catalog:a"
  threshold = env("TOKEN")
  patience  = parseint(secret("token"), 10)
  cooldown  = file("token.txt")
  topic     = jsondecode(env("TOKEN")).topic
  enabled   = { a = 1 }[secret("token")]
}

stt "missing" {
  url   = env("NO_SUCH_VARIABLE")
  token = secret("nothing")
}

stt "files" {
  url      = file("nothing.txt")
  language = file("huge.txt")
  token    = env(secret("token"))
}

stt "misspelt" {
  url  = "http://host"
  tokn = "l1teral"
}

webhook "w" {
  url     = "http://host"
  headers = { Authorization = "l1teral" }
}

webhook "number" {
  url     = "http://host"
  headers = { Accept = "l1teral", Number = 5 }
}

webhook "headers" {
  url = "http://user:l1teral@host/wake"
  headers = {
    X-Api-Key    = "l1teral"
    Room-Token   = upper("l1teral")
    Content-Type = "application/json"
    cookie       = try(env("NO_SUCH_VARIABLE"), "")
    X-Secret     = "${try(env("NO_SUCH_VARIABLE"), "nothing")}"
  }
}

stt "password" {
  url = "https://user:l1teral@host:7272"
}

heartbeat "password" {
  url = "ftp://user:l1teral@host"
}

model "password" {
  source = "https://user:l1teral@host/word.onnx"
}
