# The same runbook in other words and another order.
locals {
  half = 1 / 2
  key  = "${secret("token")}"
}

watchdog {
  read_stall = "2000ms"
}

disk {
  spool = "1GiB"
}

stt "whisper" {
  url       = env("STT_URL")
  token     = local.key
  streaming = true
}

model "alexa" {
  source    = "catalog:alexa"
  threshold = model.hey_jarvis.threshold
}

model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = local.half
  cooldown  = "1m"
}

device "microphone" "usb" {}

listener "desk" {
  device = device.microphone.usb
  models = [model.hey_jarvis, model.alexa]
  record {}
}

appliance "desk" {}
