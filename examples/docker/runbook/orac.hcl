# A runbook to begin with: the first microphone of the host, one wake word, an ORAC STT server.

appliance "docker" {
  state_dir = "/var/lib/orac"
}

device "microphone" "usb" {
  backend = "alsa" # there is no PulseAudio in the container
  # match = "USB"  # a part of the name; docker compose exec orac orac devices
}

model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5
}

listener "kitchen" {
  device  = device.microphone.usb
  models  = [model.hey_jarvis]
  deliver = [stt.whisper]
}

stt "whisper" {
  url = "http://stt.local:7272"
  # token = secret("stt_token")
}

# The console: https://HOST:7171. `docker compose logs orac` shows the certificate's fingerprint and the code for the first admin.
web {
  listen = ":7171"
  # hosts = ["kitchen.local"] # names that the host is called by; its addresses need no line
  # hosts = ["orac.home.example"] # the name that people open it by, if it is no address

  tls {
    self_signed = true
  }
}
