# Texts become deeds, without Home Assistant: timers, the time, and a command of this machine.

appliance "desk" {
  state_dir = "../../.orac"
}

core_server "desk" {
  listen = "127.0.0.1:8000"
}

topic "general" {
  english = true
  intents = [intent.note]
}

intent "note" {
  sentences = ["(write down|note) {thing}"]
  slots     = { thing = vocabulary.things }
  backend   = backend.log
  reply     = "I wrote down {thing}."
  call {
    arguments = ["{thing}"]
  }
}

vocabulary "things" {
  words = {
    milk  = ["some milk"]
    bread = ["a loaf of bread"]
  }
}

backend "log" {
  protocol = "exec"
  command  = ["logger", "-t", "orac", "--"]
}
