# What `make run` runs: no microphone and no server needed. A recording of a spoken wake word and command plays as if a
# microphone heard it, and pocketsphinx on this machine understands the command.
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
  path = ".orac/sounds/hey_jarvis_lights_on.wav" # made by examples/sounds/make-sounds.sh
  end  = "silence"                               # then it goes on listening, as a microphone would
}

model "hey_jarvis" {
  source    = "catalog:hey_jarvis" # `orac models list` shows what there is
  threshold = 0.5
}

listener "kitchen" {
  device  = device.wav.demo
  models  = [model.hey_jarvis]
  deliver = [stt.pocketsphinx]
}

# Any program that takes a WAV and prints text fits, whisper-cli for one; or a server: see examples/runbooks.
stt "pocketsphinx" {
  protocol = "exec"
  command  = ["examples/stt/pocketsphinx.sh"]
}

# The console and the API, for this machine alone. For others, too: listen = ":7171" and tls { self_signed = true }.
web {
  listen = "127.0.0.1:7171"
}
