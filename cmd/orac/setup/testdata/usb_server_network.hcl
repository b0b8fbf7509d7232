# What this appliance hears and where its commands go. Check a change with `orac validate`; `orac
# plan` shows what it would do to the running appliance, and `orac apply` does it.
appliance "k_che_2" {
  state_dir = "/var/lib/orac"
}

# USB Audio Mono. ORAC finds it by its identity when it is plugged in again; `orac devices` lists the
# others.
device "microphone" "usb_audio_mono" {
  identity = "hw:CARD=Mic\"$${x},DEV=0"
  backend  = "alsa"
}

# Say "hey jarvis". Licence of the model: CC-BY-NC-SA-4.0, not for commercial use. `orac models list`
# shows the others.
model "hey_jarvis" {
  source = "catalog:hey_jarvis"
}

# Say "alexa". Licence of the model: CC-BY-NC-SA-4.0, not for commercial use. `orac models list` shows
# the others.
model "alexa" {
  source = "catalog:alexa"
}

# An ORAC STT server turns each command into text. While it is away, commands wait on the disk.
stt "orac" {
  url = "http://stt.local:7272"
}

# Tells the server that this appliance listens, and for which words.
heartbeat "orac" {
  stt = stt.orac
}

# Joins this microphone, these wake words, and the service that understands the command that follows.
listener "k_che_2" {
  device  = device.microphone.usb_audio_mono
  models  = [model.hey_jarvis, model.alexa]
  deliver = [stt.orac]
}

# The console and the API, for the whole network and always encrypted: ORAC makes the certificate at
# its first start. `orac run` prints its fingerprint, and a code; with that you make the first admin.
web {
  listen = ":7171"

  tls {
    self_signed = true
  }
}
