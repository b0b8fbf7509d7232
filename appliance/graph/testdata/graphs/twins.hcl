# A microphone and a file of the same name would be the same node.
appliance "twins" {}
device "microphone" "usb" {}
device "wav" "usb" {
  path = "usb.wav"
}
model "hey_jarvis" {
  source = "catalog:hey_jarvis"
}
listener "a" {
  device = device.microphone.usb
  models = [model.hey_jarvis]
}
listener "b" {
  device = device.wav.usb
  models = [model.hey_jarvis]
}
