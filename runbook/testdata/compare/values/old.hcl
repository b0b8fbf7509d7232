appliance "desk" {
  state_dir = "state"
}

device "microphone" "usb" {
  match = "USB"
}

model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5
  cooldown  = "3s"
  classes   = ["a", "b"]
}

listener "desk" {
  device = device.microphone.usb
  models = [model.hey_jarvis]
  record {
    pre_roll = "1s"
    silence  = "500ms"
  }
}

watchdog {
  read_stall = "3s"
}
