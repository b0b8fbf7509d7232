appliance "a" {}

device "microphone" "usb" {}

model "m" {
  source = "catalog:alexa"
}

stt "local" {
  protocol = "whisper_server"
  url      = "http://host:8080"
}

stt "cloud" {
  protocol = "openai"
  url      = "https://host"
  model    = "whisper-1"
}

stt "archive" {
  url = "http://host:7272"
}

locals {
  spoken = [stt.local, stt.cloud]
}

listener "kitchen" {
  device  = device.microphone.usb
  models  = [model.m]
  deliver = [[stt.local, stt.cloud], stt.archive]
}

listener "hall" {
  device  = device.microphone.usb
  models  = [model.m]
  deliver = [local.spoken]
}

listener "attic" {
  device  = device.microphone.usb
  models  = [model.m]
  deliver = [stt.cloud]
}
