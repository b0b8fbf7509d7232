# The runbook of the scenario about a list of services: the first of two that answers gets a command, and a third gets every one.

appliance "ways" {
  state_dir = "../../.orac/ways"
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
  deliver = [[stt.local, stt.cloud], stt.archive]
}

stt "local" {
  url          = "http://stt.local:7272"
  timeout      = "5s"
  health_every = "5s"
}

stt "cloud" {
  url          = "http://cloud.example:7272"
  timeout      = "5s"
  health_every = "5s"
}

stt "archive" {
  url          = "http://archive.local:7272"
  streaming    = false
  timeout      = "5s"
  health_every = "5s"
}

disk {
  keep_free = "1MiB"
}

watchdog {
  restart_budget = 100 # a scenario breaks it more often than an hour should
}
