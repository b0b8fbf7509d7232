# What `make run` runs: no microphone and no server needed. A recording of a spoken wake word and command plays as if a
# microphone heard it, and ORAC understands the command, on this machine alone.
#
# To hear yourself, replace the device by a microphone (`orac devices` lists them), and write device = device.microphone.usb
# in the listener:
#
#   device "microphone" "usb" {
#     match = "USB"
#   }

appliance "demo" {
  state_dir = ".orac"
}

device "wav" "demo" {
  path = ".orac/sounds/hey_jarvis_time.wav" # made by examples/sounds/make-sounds.sh
  end  = "silence"                          # then it goes on listening, as a microphone would
}

model "hey_jarvis" {
  source    = "catalog:hey_jarvis" # `orac models list` shows what there is
  threshold = 0.5
}

listener "kitchen" {
  device  = device.wav.demo
  models  = [model.hey_jarvis]
  deliver = [stt.local]
  act     = topic.general
}

# ORAC understands English by itself, in a process of its own. Servers, and any program that prints text, fit as well: see
# examples/runbooks.
stt "local" {
  protocol = "embedded"
  model    = "moonshine_tiny" # moonshine_base understands more, and takes twice the time and memory
}

# What was understood is acted on. ORAC knows the time, and keeps timers; lights and the rest are a backend's:
# examples/runbooks/home.hcl has Home Assistant.
topic "general" {
  english = true
}

# The console and the API, for this machine alone. For others, too: listen = ":7171" and tls { self_signed = true }.
web {
  listen = "127.0.0.1:7171"
}
