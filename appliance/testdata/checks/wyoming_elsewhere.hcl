appliance "a" {}

device "microphone" "m" {}

model "jarvis" {
  source = "catalog:hey_jarvis"
}

listener "l" {
  device  = device.microphone.m
  models  = [model.jarvis]
  deliver = [stt.here, stt.there]
}

stt "here" {
  protocol = "wyoming"
  url      = "tcp://127.0.0.1:10300"
}

stt "there" {
  protocol = "wyoming"
  url      = "tcp://stt.local:10300"
}
