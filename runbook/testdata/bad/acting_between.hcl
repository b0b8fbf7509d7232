appliance "house" {}
device "microphone" "usb" {}
model "hey_jarvis" { source = "catalog:hey_jarvis" }
stt "local" { protocol = "embedded" }
listener "nowhere" {
  device  = device.microphone.usb
  models  = [model.hey_jarvis]
  deliver = [stt.local]
  act     = topic.words
}
listener "deaf" {
  device = device.microphone.usb
  models = [model.hey_jarvis]
  act    = topic.clock
}
topic "words" { wake_words = ["hey jarvis"] }
topic "clock" { english = true }
core_server "open" { listen = ":8000" }
core_server "one" { listen = "127.0.0.1:8001" }
core_server "two" { listen = "127.0.0.1:8001" }
backend "home" {
  protocol = "home_assistant"
  url      = "http://homeassistant.test"
  token    = secret("token")
}
backend "script" {
  protocol = "exec"
  command  = ["true"]
}
intent "coffee" {
  sentences = ["make {drink} and {cake}"]
  slots     = { drink = vocabulary.empty }
  backend   = backend.home
  reply     = "a {tea}"
  call {
    data    = { drink = ["{milk}", { of = "{farm}" }] }
    payload = "x"
  }
}
intent "tidy" {
  sentences = ["tidy up"]
  backend   = backend.script
  call {
    arguments = ["{what}"]
    data      = { a = 1 }
  }
}
vocabulary "empty" {}
vocabulary "both" {
  words = { one = [] }
  range { to = 3 }
}
vocabulary "backwards" {
  range {
    from = 3
    to   = 1
  }
}
vocabulary "odd" { words = { one = [""], two = ["a\tb"] } }
