appliance "demo" {}

device "microphone" "usb" {}

model "five" {
  source  = "catalog:timer"
  classes = ["5_minute_timer"]
}

listener "kitchen" {
  device  = device.microphone.usb
  models  = [model.five]
  deliver = [stt.shell]
}

stt "shell" {
  protocol = "exec"
  command  = ["sh", "-c", "true"]
}
