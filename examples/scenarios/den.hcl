# The runbook of the scenarios about Wyoming, the protocol of Home Assistant's voice services: an appliance that sends what it hears to such a
# service, understands it by itself while that is away, and understands what a Home Assistant sends.

appliance "den" {
  state_dir = "../../.orac/den" # relative to this file; for a service "/var/lib/orac"
}

device "microphone" "mic" {} # the first that there is

model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5
}

listener "den" {
  device  = device.microphone.mic
  models  = [model.hey_jarvis]
  deliver = [[stt.whisper, stt.local]]
}

stt "whisper" {
  protocol     = "wyoming"
  url          = "tcp://whisper.local:10300"
  timeout      = "10s"
  health_every = "5s"
}

stt "local" {
  protocol = "embedded"
}

wyoming "speech" {
  serve  = "stt"
  engine = stt.local
}

wyoming "words" {
  serve  = "wake"
  models = [model.hey_jarvis]
}

disk {
  keep_free = "1MiB"
}

watchdog {
  restart_budget = 1000 # a scenario breaks it more often than an hour should
}
