variable "from_env" {
}

variable "pin" {
  sensitive   = true
  description = "Comes from ORAC_VAR_pin."
}

variable "count" {
  type    = number
  default = 1 + 1
}

variable "loud" {
  type    = bool
  default = true
}


locals {
  later  = "${local.sooner}!"
  sooner = upper(var.from_env)
  files  = jsondecode(file("prompt.json"))
  first  = try(env("NO_SUCH_VARIABLE"), "fallback")
  nested = { deep = [{ name = "x" }] }
}

appliance "demo" {
  log_level   = var.loud ? "debug" : "info"
  instance_id = "${local.later}-${local.first}-${local.nested.deep[0].name}"
}

device "microphone" "usb" {
  channels = env("CHANNELS")
}

model "b" {
  source    = "catalog:b"
  threshold = model.a.threshold + 0.1
  cooldown  = model.a.cooldown
}

model "a" {
  source    = "catalog:a"
  threshold = 0.3
  patience  = var.count
  topic     = null
  wake_word = format("hey %s", "a")
}

listener "all" {
  device  = device.microphone.usb
  models  = values(model)
  deliver = [for name in ["s"] : stt[name]]
  record {
    max = watchdog.retry_slow
  }
}

listener "again" {
  device = listener.all.device
  models = concat([model.a], [model.b])
}

stt "s" {
  url      = env("STT_URL")
  language = local.files.language
  timeout  = local.files["wait"]
  token    = join("-", [var.pin, secret("token")])
}

stt "t" {
  url   = stt.s.url
  token = stt.s.token
}

stt "open" {
  url   = "http://host"
  token = try(env("NO_SUCH_VARIABLE"), "")
}

heartbeat "h" {
  stt = var.count > 1 ? stt.s : stt.t
}

webhook "w" {
  url     = "http://${secret("token")}@host/"
  headers = {}
}
