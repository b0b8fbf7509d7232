# The runbook of the scenarios about a speech-to-text server: an appliance without a microphone, which understands what others hear, and
# hands the texts to a Core.

appliance "hub" {
  state_dir = "../../.orac/hub" # relative to this file; for a service "/var/lib/orac"
}

stt "local" {
  protocol = "embedded"
}

stt_server "house" {
  engine = stt.local
  core   = core.house
  tls {
    self_signed = true
  }
}

service_account "kitchen" {
  secret      = secret("kitchen")
  permissions = ["stt.transcribe", "stt.heartbeat"]
}

core "house" {
  url = "http://core.local:8000"
}
