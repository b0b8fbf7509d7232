# ORAC as a voice service for Home Assistant: add the integration "Wyoming Protocol" twice, with the address of this machine and the
# ports 10300 and 10400, or let it find them.
#
# The Wyoming protocol has no login and no encryption: whoever reaches these ports can use them. Let a firewall admit only Home
# Assistant. If Home Assistant runs on this machine, leave out listen, unprotected_on_the_network and advertise.

appliance "kitchen" {
  state_dir = "../../.orac" # relative to this file; for a service "/var/lib/orac"
}

device "microphone" "usb" {
  match = "USB"
}

model "hey_jarvis" {
  source = "catalog:hey_jarvis"
}

listener "kitchen" {
  device  = device.microphone.usb
  models  = [model.hey_jarvis]
  deliver = [stt.local]
}

# The engine understands the commands of this machine's microphone, and those that Home Assistant sends.
stt "local" {
  protocol = "embedded"
  model    = "moonshine_tiny"
}

wyoming "stt" {
  serve                      = "stt"
  engine                     = stt.local
  listen                     = ":10300"
  unprotected_on_the_network = true
  advertise                  = true
}

wyoming "wake" {
  serve                      = "wake"
  models                     = [model.hey_jarvis]
  listen                     = ":10400"
  unprotected_on_the_network = true
  advertise                  = true
}
