appliance "a" {}

device "microphone" "usb" {}

model "hey_jarvis" {
  source  = "catalog:hey_jarvis"
  webhook = model.alexa
}

model "alexa" {
  source    = "catalog:alexa"
  threshold = model.hey_jarvis.treshold
  topic     = kitchen
}

listener "kitchen" {
  device  = device.microphone.usbb
  models  = [model.hey_jarvs, stt.whisper]
  deliver = [stt.whisper, stt.whisper]
}

listener "hall" {
  device = device.usb
  models = []
}

listener "attic" {
  device  = "device.microphone.usb"
  models  = model.alexa
  deliver = [modle.alexa]
}

stt "whisper" {
  url     = local.nowhere
  timeout = var.timeout
}

listener "bare" {
  device = stt.whisper
  models = [model]

  record {
    silence = listener.kitchen.record.max
    grace   = listener.kitchen.record.silense
  }
}
