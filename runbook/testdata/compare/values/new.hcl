appliance "desk" {
  log_file = "orac.log"
}

device "microphone" "usb" {
  identity = "alsa_input.usb \"front\" ${"$"}{x}"
}

model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.6
  classes   = ["a", "c"]
}

listener "desk" {
  device = device.microphone.usb
  models = [model.hey_jarvis]
  record {
    pre_roll = "2s"
    silence  = "500ms"
    max      = "10s"
  }
}

memory {
  warn = "200MiB"
}
