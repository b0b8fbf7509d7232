# What this appliance hears and where its commands go. Check a change with `orac validate`; `orac
# plan` shows what it would do to the appliance that runs, and `orac apply` does it.
appliance "orac" {}

# The system's default microphone, whichever that is when ORAC starts. `orac devices` lists all of
# them: name one by match, and ORAC listens to no other.
device "microphone" "default" {
  # The channel that is listened to, counted from 0, or a list of channels that are mixed, like [0, 1].
  # channel = 0
}

# Say "hey jarvis". Licence of the model: CC-BY-NC-SA-4.0, not for commercial use. `orac models list`
# shows the others.
model "hey_jarvis" {
  source = "catalog:hey_jarvis"

  # The score at which the model fires. Higher means fewer false wakes and more misses.
  # threshold = 0.3

  # How long the model does not fire again after it fired.
  # cooldown = "2s"

  # The ORAC topic that the utterance goes to.
  # topic = "general"
}

# Joins them: this microphone and these wake words. Nothing is recorded until there is a service: add
# an stt block, and name it here as deliver = [stt.NAME].
listener "orac" {
  device = device.microphone.default
  models = [model.hey_jarvis]

  # The voice activity below which nothing fires; 0 switches the gate off.
  # vad_threshold = 0.5
}
