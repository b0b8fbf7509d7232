# The runbook that the help of the commands calls kitchen.hcl.

variable "room" {
  type    = string
  default = "hall"
}

appliance "demo" {
  state_dir = ".orac"
}

device "wav" "demo" {
  path = ".orac/sounds/hey_jarvis_lights_on.wav"
  end  = "silence"
}

model "hey_jarvis" {
  source = "catalog:hey_jarvis"
  topic  = var.room
}

listener "kitchen" {
  device = device.wav.demo
  models = [model.hey_jarvis]
}
