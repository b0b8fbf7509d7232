# The runbook of the scenario home.hcl: an appliance that acts on texts. Its home has a number that is set to what people say, so that the
# home's own record shows what was done, and how often.

appliance "flat" {
  state_dir = "../../.orac/flat"
}

device "microphone" "mic" {
  match = "USB"
}

model "hey_jarvis" {
  source = "catalog:hey_jarvis"
}

listener "flat" {
  device = device.microphone.mic
  models = [model.hey_jarvis]
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
    service = "input_number.set_value"
    data    = { entity_id = "input_number.count", value = "{count}" }
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
  timeout  = "3s"
}

language_model "qwen" {
  url     = "http://127.0.0.1:8080"
  model   = "qwen3"
  timeout = "3s"
}

watchdog {
  restart_budget = 100 # a scenario breaks it more often than an hour should
}
