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

listener "unknown" {
  device  = device.microphone.usb
  models  = [model.m]
  deliver = [[stt.local, stt.clod]]
}

listener "doubled" {
  device  = device.microphone.usb
  models  = [model.m]
  deliver = [[stt.local, stt.cloud], stt.cloud]
}

listener "deep" {
  device  = device.microphone.usb
  models  = [model.m]
  deliver = [[stt.local, [stt.cloud]]]
}

listener "empty" {
  device  = device.microphone.usb
  models  = [model.m]
  deliver = [stt.local, []]
}

listener "other" {
  device  = device.microphone.usb
  models  = [model.m]
  deliver = [[stt.local, model.m]]
}

listener "text" {
  device  = device.microphone.usb
  models  = [model.m]
  deliver = [["stt.local"]]
}

listener "one" {
  device  = device.microphone.usb
  models  = [model.m]
  deliver = stt.local
}
