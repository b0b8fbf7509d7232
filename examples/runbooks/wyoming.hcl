# Speech to text by a service of Home Assistant that speaks Wyoming, such as
# wyoming-faster-whisper. Wyoming has no encryption and no login: keep it on this
# machine, or on a network that you trust.
#
#   orac run -f examples/runbooks/wyoming.hcl

appliance "bedroom" {
  state_dir = "../../.orac" # relative to this file; for a service "/var/lib/orac"
}

device "microphone" "default" {}

model "hey_jarvis" {
  source = "catalog:hey_jarvis"
}

listener "bedroom" {
  device  = device.microphone.default
  models  = values(model)
  deliver = [stt.whisper]
}

stt "whisper" {
  protocol = "wyoming"
  url      = "tcp://127.0.0.1:10300"
  language = "en"
}
