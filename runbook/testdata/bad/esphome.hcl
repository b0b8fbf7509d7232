# Satellites of Home Assistant that would be open by mistake, or whose commands would be answered twice.
appliance "kitchen" {}

device "microphone" "usb" {}

model "hey_jarvis" { source = "catalog:hey_jarvis" }

stt "whisper" { url = "http://stt.local:7272" }

topic "general" { english = true }

listener "kitchen" {
  device  = device.microphone.usb
  models  = [model.hey_jarvis]
  deliver = [esphome.open, stt.whisper]
}

listener "bath" {
  device  = device.microphone.usb
  models  = [model.hey_jarvis]
  deliver = [esphome.open]
  act     = topic.general
}

listener "hall" {
  device  = device.microphone.usb
  models  = [model.hey_jarvis]
  deliver = [[stt.whisper, esphome.same]]
}

esphome "open" {
  listen = ":6053"
}

esphome "same" {
  listen                     = ":6053"
  unprotected_on_the_network = true
}

esphome "hidden" {
  listen      = "127.0.0.1:6054"
  device_name = "orac-hall"
  advertise   = true
}

wyoming_satellite "lounge" {
  listen    = ":10700"
  advertise = true
}

wyoming_satellite "hidden" {
  listen    = "127.0.0.1:6053"
  advertise = true
}
