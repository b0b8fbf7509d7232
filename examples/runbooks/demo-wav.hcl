# No hardware, no server: a sound file is heard again and again, and wakes are shown.
#
# `make run` has fetched and made what it needs; then, from the same folder:
#
#   bin/orac run -f examples/runbooks/demo-wav.hcl

appliance "demo" {
  state_dir = "../../.orac" # as orac.hcl has it; relative to this file
}

device "wav" "demo" {
  path = "../../.orac/sounds/hey_jarvis_lights_on.wav"
  end  = "loop"
  gap  = "3s"
}

model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5
}

listener "demo" {
  device = device.wav.demo
  models = [model.hey_jarvis]
}
