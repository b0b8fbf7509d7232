appliance "house" {}

device "microphone" "usb" {}

model "hey_jarvis" {
  source = "catalog:hey_jarvis"
}

listener "kitchen" {
  device  = device.microphone.usb
  models  = [model.hey_jarvis]
  deliver = [stt.here]
  act     = topic.general
}

stt "here" {
  protocol = "embedded"
  model    = "moonshine_tiny"
}

stt_server "house" {
  listen = "127.0.0.1:7272"
  engine = stt.here
}

core_server "house" {
  listen = "127.0.0.1:8000"
}

backend "kitchen" {
  protocol = "exec"
  command  = ["/bin/echo", "Your"]
}

intent "coffee" {
  sentences = ["make me a coffee"]
  backend   = backend.kitchen
}

language_model "qwen" {
  url   = "http://127.0.0.1:8080"
  model = "qwen3"
}

topic "general" {
  intents        = [intent.coffee]
  language_model = language_model.qwen
}

webhook "house" {
  url    = "http://127.0.0.1:9000/orac"
  events = ["acted", "timer_ended"]
}
