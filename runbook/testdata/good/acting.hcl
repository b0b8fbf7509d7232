# Texts become deeds: topics, intents, vocabularies, backends of every protocol, a language model, and a server for others.

appliance "house" {}

device "microphone" "usb" {}
model "hey_jarvis" { source = "catalog:hey_jarvis" }
stt "local" { protocol = "embedded" }
listener "kitchen" {
  device  = device.microphone.usb
  models  = [model.hey_jarvis]
  deliver = [stt.local]
  act     = topic.general
  area    = "Kitchen"
}

core_server "house" { listen = "127.0.0.1:8000" }

topic "general" {
  backends       = [backend.home]
  intents        = [intent.coffee, intent.scene, intent.blinds, intent.backup]
  language_model = language_model.qwen
  expires        = "1m"
  learn          = "0s"
}
topic "clock" { english = true }
topic "elsewhere" { core = core.other }
core "other" { url = "http://core.test:8000" }

intent "coffee" {
  sentences = ["(make|brew) [me] [a] {drink} [please]", "{cups} cups of {drink}"]
  slots     = { drink = vocabulary.drinks, cups = vocabulary.cups }
  backend   = backend.broker
  reply     = "Your {drink} is on its way."
  call {
    service = "kitchen/coffee/make"
    data    = { drink = "{drink}", cups = "{cups}", strong = true, size = 2.5, extras = ["milk", { sugar = 1 }] }

    proof_topic = "kitchen/coffee/state"
    proof       = "brewing"
  }
}
intent "scene" {
  sentences = ["party time [in] [the] {area}"]
  backend   = backend.home
  call {
    service = "script.party"
    data    = { entity_id = "{targets}" }
  }
}
intent "blinds" {
  sentences = ["shade the south"]
  backend   = backend.hook
  enabled   = false
  call { payload = "south" }
}
intent "backup" {
  sentences = ["back up {drink}"]
  slots     = { drink = vocabulary.drinks }
  backend   = backend.script
  call { arguments = ["--what", "{drink}"] }
}

vocabulary "drinks" {
  words = {
    coffee   = ["a cup of coffee", "cappuccino"]
    espresso = []
  }
}
vocabulary "cups" {
  range {
    from = 1
    to   = 4
    unit = "cups"
  }
}

backend "home" {
  protocol = "home_assistant"
  url      = "http://homeassistant.test:8123"
  token    = secret("ha_token")
  entities = ["light.*", "switch.kitchen_*"]
  hide     = ["lock.*"]
  areas    = ["Kitchen"]
}
backend "broker" {
  protocol = "mqtt"
  url      = "tcp://broker.test:1883"
  username = "orac"
  password = secret("token")
  qos      = 2
}
backend "hook" {
  protocol = "webhook"
  url      = "http://blinds.test/south"
  method   = "PUT"
}
backend "script" {
  protocol = "exec"
  command  = ["/usr/local/bin/backup"]
}
backend "talk" {
  protocol = "conversation"
  url      = "http://homeassistant.test:8123"
  token    = secret("ha_token")
}

language_model "qwen" {
  url     = "http://127.0.0.1:8080"
  model   = "qwen3"
  grammar = "gbnf"
}
