# Two speech-to-text services for each command: the one on the local network, and a
# cloud while that one is away. A third service gets every command, too.
#
#   orac run -f examples/runbooks/fallback.hcl

appliance "hall" {
  state_dir = "../../.orac" # relative to this file; for a service "/var/lib/orac"
}

device "microphone" "default" {}

model "hey_jarvis" {
  source = "catalog:hey_jarvis"
}

listener "hall" {
  device  = device.microphone.default
  models  = values(model)
  deliver = [[stt.local, stt.cloud], stt.archive]
}

stt "local" {
  protocol = "whisper_server"
  url      = "http://192.0.2.7:8080"
}

stt "cloud" {
  protocol = "openai"
  url      = "https://stt.example"
  model    = "whisper-1"
  # token  = secret("stt_token")
}

stt "archive" {
  protocol = "exec"
  command  = ["sh", "-c", "cp \"$1\" /tmp/last.wav", "sh", "{wav}"]
}
