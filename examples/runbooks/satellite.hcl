# A voice satellite of Home Assistant: it finds the device by itself, and adopts it with one click (Settings > Devices & services). Say the
# wake word, and hear the answer. While Home Assistant is away an engine on this machine takes the commands.
#
#   orac run -f examples/runbooks/satellite.hcl

appliance "kitchen" {
  state_dir = "../../.orac" # relative to this file; for a service "/var/lib/orac"
}

device "microphone" "usb" {
  match = "USB"
}

device "speaker" "kitchen" {
  match = "USB"
}

model "hey_jarvis" {
  source = "catalog:hey_jarvis"
}

listener "kitchen" {
  device  = device.microphone.usb
  models  = [model.hey_jarvis]
  deliver = [[esphome.home, stt.local]]
  speaker = device.speaker.kitchen

  chimes {
    wake  = "../sounds/wake.wav"
    error = "../sounds/error.wav"
    timer = "../sounds/timer.wav"
    mute  = "../sounds/mute.wav"
  }
}

# Home Assistant sets the encryption key when it adopts the device. Nobody else gets in from then on.
esphome "home" {
  listen        = ":6053"
  accept_key    = true
  advertise     = true
  friendly_name = "Kitchen"
  area          = "Kitchen"
}

stt "local" {
  protocol = "embedded"
  model    = "moonshine_tiny"
}
