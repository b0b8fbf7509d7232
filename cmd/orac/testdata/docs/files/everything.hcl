# The runbook of the pieces of scenarios in the documents: it has one of everything that a fault can be aimed at.

appliance "everything" {}

device "microphone" "mic" {} # the first that there is

model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5
  webhook   = webhook.light
}

listener "kitchen" {
  device  = device.microphone.mic
  models  = [model.hey_jarvis]
  deliver = [stt.whisper]
}

service_account "hey_orac" {
  secret      = secret("hey_orac") # `orac secrets generate hey_orac`, and the same at the server
  permissions = ["stt.transcribe", "stt.heartbeat"]
}

stt "whisper" {
  url  = "https://stt.local:7272"
  auth = service_account.hey_orac
}

heartbeat "whisper" {
  stt  = stt.whisper
  auth = service_account.hey_orac
}

webhook "light" {
  url = "https://lights.local/hooks/${secret("lights_key")}?room=kitchen"
}

stt "local" {
  protocol = "embedded"
}

stt_server "house" {
  engine = stt.local
  listen = "127.0.0.1:7272"
}

login "house" {
  issuer  = "https://core.local:7171"
  account = "kitchen"
  secret  = secret("kitchen")
}

core "house" {
  url      = "http://core.local:8000"
  login    = login.house
  audience = "orac-core"
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

topic "general" {
  backends       = [backend.home]
  language_model = language_model.qwen
}

wyoming "speech" {
  serve  = "stt"
  engine = stt.local
}

device "speaker" "kitchen" {}

tts "local" {
  protocol = "openai"
  url      = "http://speech.local:8000"
  model    = "tts-1"
}

esphome "home" {}

traces {
  url = "http://collector.local:4318"
}

mqtt "home" {
  url = "tcp://broker.local:1883"
}
