# The runbook that the short scenarios of this folder run.

appliance "room" {
  state_dir = "../../.orac/room"
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
  url          = "http://stt.local:7272"
  timeout      = "5s"
  health_every = "5s"
}

heartbeat "whisper" {
  stt   = stt.whisper
  every = "5s"
}

disk {
  keep_free = "1MiB"
}

memory {
  warn    = "220MiB"
  restart = "240MiB"
  every   = "10s"
}

watchdog {
  restart_budget = 100 # a scenario breaks it more often than an hour should
}
