# What this appliance hears and where its commands go. Check a change with `orac validate`; `orac
# plan` shows what it would do to the running appliance, and `orac apply` does it.
appliance "orac" {}

# The system's default microphone at the time ORAC starts. `orac devices` lists all microphones: name
# one by match, and ORAC listens to no other.
device "microphone" "default" {
}

# Say "hey jarvis". Licence of the model: CC-BY-NC-SA-4.0, not for commercial use. `orac models list`
# shows the others.
model "hey_jarvis" {
  source = "catalog:hey_jarvis"
}

# This machine turns each command into text itself. It understands English.
stt "local" {
  protocol = "embedded"
  model    = "moonshine_tiny"
}

# Joins this microphone, these wake words, and the service that understands the command that follows.
listener "orac" {
  device  = device.microphone.default
  models  = [model.hey_jarvis]
  deliver = [stt.local]
}
