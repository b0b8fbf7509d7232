# A runbook that tells others what happens: a house hears everything, signed; a phone shows what was said. Both secrets are made by
# `orac secrets generate house phone`.

appliance "told" {
  state_dir = "../../.orac/told" # relative to this file; for a service "/var/lib/orac"
}

device "microphone" "mic" {} # the first that there is

model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5
}

listener "kitchen" {
  device  = device.microphone.mic
  models  = [model.hey_jarvis]
  deliver = [stt.whisper]
}

stt "whisper" {
  url = "http://stt.local:7272"
}

webhook "house" {
  url             = "http://house.local:8123/api/webhook/orac"
  events          = ["wake", "recording", "transcript", "delivery", "incident", "health"]
  secret          = secret("house") # the receiver checks signatures with the same one
  max_retry_delay = "8s"
}

webhook "phone" {
  url    = "https://ntfy.sh/${secret("phone")}?title=${event.listener}"
  events = ["transcript"]
  body   = event.empty ? "(nothing)" : event.text
}
