# What pieces of runbooks in the documents refer to, when neither they nor their documents show it.

device "microphone" "usb" {
  match = "USB"
}

device "wav" "demo" {
  path = "demo.wav"
}

model "hey_jarvis" {
  source = "catalog:hey_jarvis"
}

model "alexa" {
  source = "catalog:alexa"
}

stt "whisper" {
  url = "http://stt.local:7272"
}

stt "local" {
  protocol = "embedded"
}

webhook "light" {
  url = "http://lights.local/wake"
}

service_account "hey_orac" {
  secret      = secret("hey_orac")
  permissions = ["stt.transcribe", "stt.heartbeat"]
}

device "speaker" "kitchen" {
  match = "USB"
}

listener "kitchen" {
  device  = device.microphone.usb
  models  = [model.hey_jarvis]
  speaker = device.speaker.kitchen
}

backend "home" {
  protocol = "home_assistant"
  url      = "http://homeassistant.local:8123"
  token    = secret("ha_token")
}

vocabulary "cups" {
  range {
    from = 1
    to   = 4
  }
}

vocabulary "drinks" {
  words = { coffee = [], espresso = [] }
}
