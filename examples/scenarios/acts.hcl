# The runbook of the scenarios about acting on what is said: an appliance without a microphone, which understands what others hear, and has a
# home do it. The engine of the simulator says how long a sound was, "48000 samples", and that is the command here.

appliance "acts" {
  state_dir = "../../.orac/acts" # relative to this file; for a service "/var/lib/orac"
}

stt "local" {
  protocol = "embedded"
}

stt_server "house" {
  engine = stt.local
  tls {
    self_signed = true
  }
}

traces {
  url = "http://collector.local:4318"
}

service_account "kitchen" {
  secret      = secret("kitchen")
  permissions = ["stt.transcribe", "stt.heartbeat"]
}

topic "general" {
  backends       = [backend.home]
  intents        = [intent.count]
  language_model = language_model.qwen
  learn          = "0s"
}

intent "count" {
  sentences = ["{count} samples"]
  slots     = { count = vocabulary.numbers }
  backend   = backend.home
  call {
    service = "counter.set_value"
    data    = { count = "{count}" }
  }
}

vocabulary "numbers" {
  range {
    from = 0
    to   = 1000000
  }
}

backend "home" {
  protocol = "home_assistant"
  url      = "http://homeassistant.local:8123"
  token    = secret("ha_token")
}

language_model "qwen" {
  url   = "http://127.0.0.1:8080"
  model = "qwen3"
}
