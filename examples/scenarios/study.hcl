# The runbook of the scenarios about an engine: an appliance that understands what it hears by itself, with no server.

appliance "study" {
  state_dir = "../../.orac/study" # relative to this file; for a service "/var/lib/orac"
}

device "microphone" "mic" {} # the first that there is

model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5
}

listener "study" {
  device  = device.microphone.mic
  models  = [model.hey_jarvis]
  deliver = [stt.local]
}

stt "local" {
  protocol = "embedded"
}

webhook "house" {
  url             = "http://house.local:8123/api/webhook/orac"
  events          = ["wake", "recording", "transcript", "delivery", "incident", "health"]
  max_retry_delay = "8s"
}

mqtt "home" {
  url             = "tcp://broker.local:1883"
  allow           = ["threshold"]
  device_triggers = true
  events          = ["wake", "transcript", "health"]
}
