# Speech to text by a command on the same machine that knows twenty sentences and nothing else: pocketsphinx with a grammar.
# It needs little memory and makes no surprising texts. Install it first: apt-get install pocketsphinx pocketsphinx-en-us
#
#   orac run -f examples/runbooks/pocketsphinx.hcl

appliance "commands" {
  state_dir = "../../.orac" # relative to this file; for a service "/var/lib/orac"
}

device "wav" "demo" {
  path = "../../.orac/sounds/hey_jarvis_lights_on.wav"
}

model "hey_jarvis" {
  source = "catalog:hey_jarvis"
}

listener "commands" {
  device  = device.wav.demo
  models  = [model.hey_jarvis]
  deliver = [stt.pocketsphinx]
}

stt "pocketsphinx" {
  protocol = "exec"
  command  = ["../stt/pocketsphinx.sh", "{wav}"]
}
