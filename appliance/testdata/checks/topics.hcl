appliance "demo" {}

device "microphone" "usb" {}

model "dashed" {
  source = "catalog:hey_jarvis"
  topic  = "kitchen-lights"
}

model "dotted" {
  source = "catalog:alexa"
  topic  = "a.b"
}

model "plain" {
  source = "catalog:hey_rhasspy"
  topic  = "Kitchen_2"
}

model "shell_only" {
  source = "catalog:hey_mycroft"
  topic  = "kitchen-lights"
}

model "off" {
  source  = "catalog:hey_mycroft"
  topic   = "kitchen-lights"
  enabled = false
}

listener "kitchen" {
  device  = device.microphone.usb
  models  = [model.dashed, model.dotted, model.plain, model.off]
  deliver = [stt.shell, stt.whisper]
}

listener "hall" {
  device  = device.microphone.usb
  models  = [model.shell_only]
  deliver = [stt.shell]
}

stt "shell" {
  protocol = "exec"
  command  = ["sh", "-c", "true"]
}

stt "whisper" {
  url = "http://stt.test:7272"
}
