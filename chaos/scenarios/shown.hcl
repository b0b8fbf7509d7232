# The runbook of the scenario broker.hcl: a room that is shown at an MQTT broker, where a threshold may be ordered.

appliance "shown" {
  state_dir = "../../.orac/shown"
}

device "microphone" "mic" {
  match = "USB"
}

model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5
}

listener "room" {
  device  = device.microphone.mic
  models  = [model.hey_jarvis]
  deliver = [stt.whisper]
}

stt "whisper" {
  url     = "http://stt.local:7272"
  timeout = "5s"
}

mqtt "home" {
  url    = "tcp://broker.local:1883"
  allow  = ["threshold"]
  events = ["wake", "transcript"]
}
