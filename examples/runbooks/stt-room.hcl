# A room whose machine only hears: stt.hcl is the machine that understands.
#
#   orac run -f examples/runbooks/stt-room.hcl --var stt_host=10.0.0.5

variable "stt_host" {
  type        = string
  default     = "stt.local"
  description = "The machine that runs stt.hcl."
}

appliance "kitchen" {
  state_dir = "../../.orac" # relative to this file; for a service "/var/lib/orac"
}

device "microphone" "usb" {
  match = "USB"
}

model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5
}

listener "kitchen" {
  device  = device.microphone.usb
  models  = [model.hey_jarvis]
  deliver = [stt.house]
}

stt "house" {
  url  = "https://${var.stt_host}:7272"
  auth = service_account.hey_orac
  # Its certificate is its own: copy tls/cert.pem of its state directory to here.
  # ca = "/etc/orac/stt.pem"
}

heartbeat "house" {
  stt = stt.house
}

service_account "hey_orac" {
  secret      = secret("hey_orac") # the same as there: secrets/hey_orac of the state directory
  permissions = ["stt.transcribe", "stt.heartbeat"]
}
