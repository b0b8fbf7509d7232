appliance "desk" {}

device "microphone" "usb" {}

device "wav" "demo" {
  path = "demo.wav"
}

model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5
}

model "alexa" {
  source    = "catalog:alexa"
  threshold = model.hey_jarvis.threshold
}

listener "desk" {
  device  = device.microphone.usb
  models  = [model.hey_jarvis]
  deliver = [stt.whisper]
}

listener "hall" {
  device = device.wav.demo
  models = [model.alexa]
}

stt "whisper" {
  url = "http://stt.test:7272"
}

heartbeat "whisper" {
  stt = stt.whisper
}
