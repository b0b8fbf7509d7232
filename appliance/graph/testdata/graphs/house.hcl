# Two microphones; the kitchen's is shared by two listeners; one listener only detects; one model is off.
appliance "house" {}
device "microphone" "kitchen" {
  match = "USB"
}
device "microphone" "hall" {
  identity = "hall"
}
device "wav" "unused" {
  path = "unused.wav"
}
model "hey_jarvis" {
  source  = "catalog:hey_jarvis"
  webhook = webhook.light
}
model "alexa" {
  source    = "catalog:alexa"
  threshold = 0.6
}
model "off" {
  source  = "catalog:weather"
  enabled = false
}
listener "kitchen" {
  device  = device.microphone.kitchen
  models  = [model.hey_jarvis, model.alexa]
  deliver = [stt.whisper, stt.archive]
}
listener "kitchen_alexa" {
  device        = device.microphone.kitchen
  models        = [model.alexa, model.off]
  deliver       = [stt.archive]
  vad_threshold = 0
}
listener "hall" {
  device = device.microphone.hall
  models = [model.hey_jarvis]
}
stt "whisper" {
  url = "http://stt.local:7272"
}
stt "archive" {
  protocol = "exec"
  command  = ["archive", "{wav}"]
}
heartbeat "stt" {
  stt       = stt.whisper
  listeners = [listener.kitchen]
}
webhook "light" {
  url = "http://light.local/on"
}
