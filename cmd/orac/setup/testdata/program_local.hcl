# What this appliance hears and where its commands go. Check a change with `orac validate`; `orac
# plan` shows what it would do to the running appliance, and `orac apply` does it.
appliance "desk" {}

# Bad }� namexxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…. ORAC finds it by its identity when it
# is plugged in again; `orac devices` lists the others.
device "microphone" "bad_namexxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" {
  identity = "alsa_input.usb"
}

# Say "set a timer for … minutes". Licence of the model: CC-BY-NC-SA-4.0, not for commercial use.
# `orac models list` shows the others.
model "timer" {
  source = "catalog:timer"
}

# A program on this machine turns each command into text. {wav} stands for the recording.
stt "whisper_cli" {
  protocol = "exec"
  command  = ["whisper-cli", "-f", "{wav}", "a\"b"]
}

# Joins this microphone, these wake words, and the service that understands the command that follows.
listener "desk" {
  device  = device.microphone.bad_namexxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
  models  = [model.timer]
  deliver = [stt.whisper_cli]
}

# The console and the API, for this machine only. `orac run` prints a code; with it you make the first
# admin.
web {
  listen = "127.0.0.1:7171"
}
