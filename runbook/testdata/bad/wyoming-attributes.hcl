# Attributes of voice services that do not fit together.
appliance "kitchen" {}

device "microphone" "usb" {}

model "hey_jarvis" { source = "catalog:hey_jarvis" }

listener "kitchen" {
  device = device.microphone.usb
  models = [model.hey_jarvis]
}

wyoming "wake" {
  serve           = "wake"
  max_sound       = "15s"
  max_connections = 4
  per_address     = 5
}

wyoming "mute" {
  serve  = "stt"
  listen = "10301"
}

wyoming "both" {
  serve = "both"
}
