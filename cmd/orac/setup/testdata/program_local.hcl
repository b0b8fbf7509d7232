# What this appliance hears and where its commands go. Check a change with `orac validate`; `orac
# plan` shows what it would do to the appliance that runs, and `orac apply` does it.
appliance "desk" {}

# Bad�}� namexxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…. ORAC finds it by its identity
# when it is plugged in again; `orac devices` lists what else there is.
device "microphone" "bad_namexxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" {
  identity = "alsa_input.usb"

  # The channel that is listened to, counted from 0, or a list of channels that are mixed, like [0, 1].
  # channel = 0
}

# Say "set a timer for … minutes". Licence of the model: CC-BY-NC-SA-4.0, not for commercial use.
# `orac models list` shows the others.
model "timer" {
  source = "catalog:timer"

  # The score at which the model fires. Higher means fewer false wakes and more misses.
  # threshold = 0.3

  # How long the model does not fire again after it fired.
  # cooldown = "2s"

  # The ORAC topic that the utterance goes to.
  # topic = "general"
}

# A program on this machine turns each command into text. {wav} stands for the recording.
stt "whisper_cli" {
  protocol = "exec"
  command  = ["whisper-cli", "-f", "{wav}", "a\"b"]

  # How long one attempt to deliver may take.
  # timeout = "30s"
}

# Joins them: this microphone, these wake words, and what understands the command that follows.
listener "desk" {
  device  = device.microphone.bad_namexxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
  models  = [model.timer]
  deliver = [stt.whisper_cli]

  # The voice activity below which nothing fires; 0 switches the gate off.
  # vad_threshold = 0.5
}

# The console and the API, for this machine alone. `orac run` prints a code, with which you make the
# first admin.
web {
  listen = "127.0.0.1:7171"
}
