# Speech to text by the server of whisper.cpp, on this machine or another:
#
#   whisper-server -m ggml-base.en.bin --port 8080
#   orac run -f examples/runbooks/whisper-server.hcl

appliance "study" {
  state_dir = "../../.orac" # relative to this file; for a service "/var/lib/orac"
}

device "microphone" "default" {}

model "hey_jarvis" {
  source = "catalog:hey_jarvis"
}

listener "study" {
  device  = device.microphone.default
  models  = values(model)
  deliver = [stt.whisper]
}

stt "whisper" {
  protocol = "whisper_server"
  url      = "http://127.0.0.1:8080"
}
