# Voice services that would be open by mistake, or could serve nothing.
appliance "kitchen" {}

device "microphone" "usb" {}

model "hey_jarvis" { source = "catalog:hey_jarvis" }

listener "kitchen" {
  device = device.microphone.usb
  models = [model.hey_jarvis]
}

stt "whisper" { url = "http://stt.local:7272" }

wyoming "open" {
  serve  = "stt"
  engine = stt.whisper
  listen = ":10300"
}

wyoming "same" {
  serve  = "wake"
  listen = ":10300"

  unprotected_on_the_network = true
}

wyoming "hidden" {
  serve     = "wake"
  advertise = true
}
