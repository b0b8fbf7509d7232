# The runbook of the scenarios about tokens: an appliance that sends what it hears to another machine of the house, with tokens that it gets
# from the issuer. A small one of the study sends what it hears here, and its texts go on to the Core, with tokens as well.

appliance "kitchen" {
  state_dir = "../../.orac/member" # relative to this file; for a service "/var/lib/orac"
}

web {
  listen = "127.0.0.1:7171"
}

# The centre of the house may change this appliance.
auth {
  trust {
    issuer = "https://core.local:7171"
    role   = "admin"
  }
}

login "house" {
  issuer  = "https://core.local:7171"
  account = "kitchen"
  secret  = secret("kitchen")
}

device "microphone" "mic" {} # the first that there is

model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5
}

listener "kitchen" {
  device  = device.microphone.mic
  models  = [model.hey_jarvis]
  deliver = [stt.hall]
}

stt "hall" {
  url      = "https://hall.local:7272"
  login    = login.house
  audience = "hall"
}

heartbeat "hall" {
  stt = stt.hall
}

stt "local" {
  protocol = "embedded"
}

stt_server "study" {
  engine = stt.local
  core   = core.house
  tls {
    self_signed = true
  }
}

service_account "study" {
  secret      = secret("study")
  permissions = ["stt.transcribe", "stt.heartbeat"]
}

core "house" {
  url      = "https://core.local:8000"
  login    = login.house
  audience = "core"
}
