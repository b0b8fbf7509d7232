appliance "house" {}
core_server "house" {}
device "microphone" "usb" {}
model "hey_jarvis" { source = "catalog:hey_jarvis" }
listener "kitchen" {
  device = device.microphone.usb
  models = [model.hey_jarvis]
  area   = "Kitchen"
}
core_server "open" { listen = ":8000" }
topic "both" {
  core    = core.other
  english = true
}
topic "unknown" {
  backends       = [backend.homes, "home"]
  language_model = backend.home
  queue          = 0
}
core "other" { url = "http://core.test" }
backend "home" {
  protocol = "home_assistant"
  url      = "http://homeassistant.test"
  token    = "written out"
}
backend "none" {
  protocol = "home_assistant"
}
backend "shell" {
  protocol = "exec"
  token    = secret("token")
  entities = ["light.*"]
}
backend "broker" {
  protocol = "mqtt"
  url      = "http://broker.test:1883"
  password = secret("token")
}
backend "hidden" {
  protocol = "home_assistant"
  url      = "http://homeassistant.test"
  token    = secret("token")
  hide     = ["Lock.*"]
}
intent "slots" {
  sentences = []
  slots     = { Drink = vocabulary.drinks }
  backend   = backend.home
  call { data = { a = null } }
}
intent "kinds" {
  sentences = ["a {drink}"]
  slots     = { drink = backend.home }
  backend   = vocabulary.drinks
  reply     = "two\nlines"
  call {
    service = "light turn on"
    data    = ["a"]
  }
}
vocabulary "drinks" { words = { coffee = "a coffee" } }
vocabulary "numbers" { words = [1] }
language_model "qwen" {
  url     = "ftp://127.0.0.1"
  grammar = "xml"
}
topic "words" {
  wake_words = ["computer"]
  expires    = "1m"
}
