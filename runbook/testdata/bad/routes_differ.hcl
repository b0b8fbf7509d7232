appliance "a" {}

device "microphone" "usb" {}

model "m" {
  source = "catalog:alexa"
}

stt "local" {
  url = "http://host:7272"
}

stt "cloud" {
  url = "https://host"
}

listener "kitchen" {
  device  = device.microphone.usb
  models  = [model.m]
  deliver = [[stt.local, stt.cloud]]
}

listener "hall" {
  device  = device.microphone.usb
  models  = [model.m]
  deliver = [stt.local]
}
