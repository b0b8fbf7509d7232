appliance "a" {
  instance_id = "hall\u001b[31m"
}

model "a" {
  source    = "catalog:hey_jarvis"
  topic     = ".."
  wake_word = "jarvis\u202eyeh"
}

model "b" {
  source    = "https://models.example\u0007/a.onnx"
  sha256    = "94a13cfe60075b132f6a472e7e462e8123ee70861bc3fb58434a73712ee0d2cb"
  topic     = "."
  wake_word = "jarvis\u009b31m"
}

model "c" {
  source    = "https://me:hush@models.example/a.onnx"
  sha256    = "94a13cfe60075b132f6a472e7e462e8123ee70861bc3fb58434a73712ee0d2cb"
  topic     = ".hidden"
  wake_word = "jarvis\u0000"
}

device "microphone" "usb" {}

listener "a" {
  device = device.microphone.usb
  models = [model.a, model.b, model.c]
}
