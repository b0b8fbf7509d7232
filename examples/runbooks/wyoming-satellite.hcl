# A voice satellite for a Home Assistant that uses Wyoming satellites: it hears the wake word here, Home Assistant understands and answers,
# and the answer is heard here. While Home Assistant is away, the engine of this machine takes the commands.
#
#   orac run -f examples/runbooks/wyoming-satellite.hcl
#
# Wyoming has no login and no encryption. An esphome block in the place of this one can do more, and be encrypted.

appliance "kitchen" {
  state_dir = "../../.orac" # relative to this file; for a service "/var/lib/orac"
}

device "microphone" "usb" {}

device "speaker" "kitchen" {}

model "hey_jarvis" { source = "catalog:hey_jarvis" }

stt "local" {
  protocol = "embedded"
  model    = "moonshine_tiny"
}

topic "general" { english = true }

listener "kitchen" {
  device  = device.microphone.usb
  models  = [model.hey_jarvis]
  deliver = [[wyoming_satellite.home, stt.local]]
  act     = topic.general
  speaker = device.speaker.kitchen
}

wyoming_satellite "home" {
  listen                     = ":10700" # Home Assistant is another machine
  unprotected_on_the_network = true     # let a firewall admit only Home Assistant
  advertise                  = true     # Home Assistant finds it by itself
  area                       = "Kitchen"
}
