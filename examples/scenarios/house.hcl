# A house that scenarios of this folder run: two rooms, each with its own microphone and wake word, and two services that shall both
# have what is said in the kitchen.

appliance "house" {
  state_dir = "../../.orac/house" # relative to this file; for a service "/var/lib/orac"
}

device "microphone" "kitchen" {
  match = "Kitchen"
}

device "microphone" "study" {
  match = "Study"
}

model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5
  topic     = "home"
}

model "alexa" {
  source    = "catalog:alexa"
  threshold = 0.5
  topic     = "notes"
}

listener "kitchen" {
  device  = device.microphone.kitchen
  models  = [model.hey_jarvis]
  deliver = [stt.whisper, stt.archive]
}

listener "study" {
  device  = device.microphone.study
  models  = [model.alexa]
  deliver = [stt.whisper]
}

stt "whisper" {
  url = "http://stt.local:7272"
}

# It takes whole recordings only.
stt "archive" {
  url       = "http://archive.local:7272"
  streaming = false
}

heartbeat "whisper" {
  stt = stt.whisper
}
