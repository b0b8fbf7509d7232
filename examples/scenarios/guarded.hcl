# The runbook of scenarios about secrets: a server that wants to know who asks, and a webhook whose address holds a key. In a
# simulation every secret is one that must turn up nowhere: in no event, no trace, no incident.

appliance "guarded" {
  state_dir = "../../.orac/guarded" # relative to this file; for a service "/var/lib/orac"
}

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
