appliance "a" {}

webhook "misspelt" {
  url    = "http://lights.local/say?text=${event.txet}"
  events = ["transcript"]
}

webhook "meant" {
  url    = "http://lights.local/say?text=${evnt.text}"
  events = ["transcript"]
}

webhook "elsewhere" {
  url    = "http://${event.listener}.local/say"
  events = ["transcript"]
}

webhook "port" {
  url    = "http://lights.local:${event.sequence}/say"
  events = ["transcript"]
}

webhook "joined" {
  url    = format("http://lights.local/%s", event.text)
  events = ["transcript"]
}

webhook "password" {
  url    = "http://me:l1teral@lights.local/${event.text}"
  events = ["transcript"]
}

webhook "by_hand" {
  url    = "http://lights.local/say"
  events = ["transcript"]
  body   = "{\"text\": \"${event.text}\"}"
}

webhook "formatted" {
  url    = "http://lights.local/say"
  events = ["transcript"]
  body   = format("{\"text\": \"%s\"}", event.text)
}

webhook "part" {
  url    = "http://lights.local/say"
  events = ["transcript"]
  body   = event.text.length
}

webhook "list" {
  url    = "http://lights.local/say"
  events = ["wake"]
  body   = event.scores
}

webhook "asks" {
  url    = "http://lights.local/say"
  events = ["wake"]
  body   = "${env(event.listener)}"
}

webhook "missing" {
  url    = "http://lights.local/say"
  events = ["wake"]
  body   = "${secret("none")} ${event.listener}"
}

webhook "loops" {
  url    = "http://lights.local/say"
  events = ["transcript"]
  body   = jsonencode([for a in split("", event.text) : [for b in split("", event.text) : a]])
}

webhook "get" {
  url    = "http://lights.local/say"
  method = "GET"
  body   = event.listener
  events = ["wake"]
}

webhook "kind" {
  url    = "http://lights.local/say"
  events = ["wakes"]
}

webhook "literal" {
  url    = "http://lights.local/say"
  secret = "l1teral-l1teral-l1teral-l1teral"
}

stt "no_event" {
  url = "http://stt.local/${event.text}"
}
