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

# Joins this microphone and these wake words. ORAC records nothing until there is a service: add an
# stt block, and name it here as deliver = [stt.NAME].
listener "orac" {
  device = device.microphone.default
  models = [model.hey_jarvis]
}
