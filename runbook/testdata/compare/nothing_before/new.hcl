appliance "desk" {}

device "microphone" "default" {}

model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5
}

listener "desk" {
  device = device.microphone.default
  models = [model.hey_jarvis]
  record {
    pre_roll = "2s"
  }
}

webhook "light" {
  url     = "http://lights.test/wake"
  headers = { Authorization = "Bearer ${env("TOKEN")}" }
}
