# A machine that understands speech: for its own microphone, and for others in the house. It takes the place of an ORAC STT.
# stt-room.hcl is the runbook of another machine that only hears.
#
#   orac secrets init -f examples/runbooks/stt.hcl
#   orac run -f examples/runbooks/stt.hcl

appliance "stt" {
  state_dir = "../../.orac" # relative to this file; for a service "/var/lib/orac"
}

# What is said in this room is understood here, without a network. Without a microphone, leave these three blocks out.
device "microphone" "usb" {
  match = "USB"
}

model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5
}

listener "study" {
  device  = device.microphone.usb
  models  = [model.hey_jarvis]
  deliver = [stt.local]
}

# One engine for both: it has one utterance at a time.
stt "local" {
  protocol = "embedded"
  model    = "moonshine_tiny"
}

# Other machines send what they hear to https://THIS_MACHINE:7272.
stt_server "house" {
  engine = stt.local

  tls {
    self_signed = true # made once, in state/tls; give cert.pem to the others
  }
}

# What the others prove themselves with. Both sides have the same secret.
service_account "hey_orac" {
  secret      = secret("hey_orac")
  permissions = ["stt.transcribe", "stt.heartbeat"]
}

# An existing Hey ORAC can show no token. Whoever sends from this address can command the house: see web/sttserver/README.md.
#
# peer "kitchen" {
#   from = "192.168.1.20"
# }
#
# and in stt_server.house:
#
#   legacy = [peer.kitchen]
#   plain_http_on_the_network = true # it speaks no TLS: then without the tls block
