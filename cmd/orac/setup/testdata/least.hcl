# What this appliance hears and where its commands go. Check a change with `orac validate`; `orac
# plan` shows what it would do to the appliance that runs, and `orac apply` does it.
appliance "orac" {}

# The system's default microphone, whichever that is when ORAC starts. `orac devices` lists all of
# them: name one by match, and ORAC listens to no other.
device "microphone" "default" {
}

# Say "hey jarvis". Licence of the model: CC-BY-NC-SA-4.0, not for commercial use. `orac models list`
# shows the others.
model "hey_jarvis" {
  source = "catalog:hey_jarvis"
}

# Joins them: this microphone and these wake words. Nothing is recorded until there is a service: add
# an stt block, and name it here as deliver = [stt.NAME].
listener "orac" {
  device = device.microphone.default
  models = [model.hey_jarvis]
}
