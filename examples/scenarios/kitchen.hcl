# The runbook that the scenarios of this folder run: a microphone, a wake word, a server that understands commands and is told
# that this appliance lives. Copy a scenario, name your own runbook in it, and see whether it keeps the same promises.

appliance "kitchen" {
  state_dir = "../../.orac/kitchen" # relative to this file; for a service "/var/lib/orac"
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

heartbeat "whisper" {
  stt = stt.whisper
}

webhook "house" {
  url             = "http://house.local:8123/api/webhook/orac"
  events          = ["wake", "recording", "transcript", "delivery", "incident", "health"]
  max_retry_delay = "8s"
}
