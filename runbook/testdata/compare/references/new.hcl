appliance "desk" {}

device "microphone" "card" {
  id = "hw:1,0"
}

device "wav" "demo" {
  path = "demo.wav"
}

model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.7
}

model "alexa" {
  source    = "catalog:alexa"
  threshold = model.hey_jarvis.threshold # its value changes, its text does not
}

listener "desk" {
  device  = device.microphone.card
  models  = values(model)
  deliver = [stt.whisper]
}

listener "hall" { # what it refers to changes, it does not
  device = device.wav.demo
  models = [model.alexa]
}

stt "whisper" {
  url = "http://stt.test:7373"
}

heartbeat "whisper" {
  stt = stt.whisper
}
