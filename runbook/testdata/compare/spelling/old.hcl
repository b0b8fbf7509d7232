appliance "desk" {}

device "microphone" "usb" {}

model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5
  cooldown  = "60s"
}

model "alexa" {
  source    = "catalog:alexa"
  threshold = 0.5
}

listener "desk" {
  device = device.microphone.usb
  models = [model.hey_jarvis, model.alexa]
}

stt "whisper" {
  url   = "http://stt.test:7272"
  token = secret("token")
}

disk {
  spool = "1024MiB"
}
