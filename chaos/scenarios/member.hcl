# The runbook of the scenario tokens.hcl: an appliance that sends what it hears with tokens of an issuer, which is another orac.

appliance "kitchen" {
  state_dir = "../../.orac/kitchen"
}

login "house" {
  issuer  = "https://core.local:7171"
  account = "kitchen"
  secret  = secret("kitchen")
}

device "microphone" "mic" {
  match = "USB"
}

model "hey_jarvis" {
  source = "catalog:hey_jarvis"
}

listener "kitchen" {
  device  = device.microphone.mic
  models  = [model.hey_jarvis]
  deliver = [stt.hall]
}

stt "hall" {
  url          = "https://hall.local:7272"
  login        = login.house
  audience     = "hall"
  timeout      = "5s"
  health_every = "5s"
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
