# Files that are there and are something else; a listener whose models are off.
appliance "demo" {}

device "wav" "text" {
  path = "broken.hcl"
}

model "text" {
  source = "text.onnx"
}

model "off" {
  source  = "catalog:alexa"
  enabled = false
}

listener "on" {
  device = device.wav.text
  models = [model.text]
}

listener "off" {
  device = device.wav.text
  models = [model.off]
}
