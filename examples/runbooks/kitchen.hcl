# A kitchen: a USB microphone, two wake words, an ORAC STT server on the network.
#
#   orac run -f examples/runbooks/kitchen.hcl --var stt_host=10.0.0.5

variable "stt_host" {
  type        = string
  default     = "stt.local"
  description = "The machine that runs ORAC STT."
}

locals {
  stt_url = "http://${var.stt_host}:7272"
}

appliance "kitchen" {
  state_dir = "../../.orac" # relative to this file; for a service "/var/lib/orac"
}

device "microphone" "usb" {
  match = "USB" # any part of the name that `orac devices` shows
}

model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5
  webhook   = webhook.light
}

model "alexa" {
  source    = "catalog:alexa"
  threshold = model.hey_jarvis.threshold
  topic     = "shopping"
}

listener "kitchen" {
  device  = device.microphone.usb
  models  = [model.hey_jarvis, model.alexa]
  deliver = [stt.whisper]

  record {
    pre_roll = "1s"
    silence  = "500ms" # people pause while they cook
  }
}

stt "whisper" {
  url = local.stt_url # streamed while you speak; with language = "en" each recording goes by HTTP when it is complete
}

heartbeat "whisper" {
  stt = stt.whisper
}

# Lights up when a wake word was heard.
webhook "light" {
  url = "http://lights.local/wake"
  headers = {
    Authorization = "Bearer ${try(env("LIGHTS_TOKEN"), "")}"
  }
}

# The console and the API for everybody at home who has a login. The first start prints the fingerprint of the certificate, and a
# code with which you make the first admin; web/SECURITY.md says how ORAC STT is told who ORAC is.
web {
  listen = ":7171"
  # hosts = ["orac.home.example"] # names that it is opened by, besides addresses and the machine's own

  tls {
    self_signed = true
  }
}

watchdog {
  read_stall = "2s"
}
