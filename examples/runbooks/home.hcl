# A voice assistant on one machine: a microphone, an engine, and Home Assistant. No network but that to Home Assistant.

appliance "kitchen" {
  state_dir = "../../.orac"
}

device "microphone" "default" {}

model "hey_jarvis" {
  source = "catalog:hey_jarvis"
}

stt "local" {
  protocol = "embedded"
}

listener "kitchen" {
  device  = device.microphone.default
  models  = [model.hey_jarvis]
  deliver = [stt.local]
  act     = topic.general
  area    = "Kitchen"
}

topic "general" {
  backends = [backend.home]
}

backend "home" {
  protocol = "home_assistant"
  url      = "http://homeassistant.local:8123"
  token    = secret("ha_token")
  hide     = ["lock.*"]
}
