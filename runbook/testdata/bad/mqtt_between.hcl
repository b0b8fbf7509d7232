appliance "a" {}

mqtt "wrong_field" {
  url     = "tcp://broker.local:6"
  events  = ["wake"]
  topic   = "house/${event.text}"
  payload = "${event.confidence}"
}

mqtt "wildcard" {
  url    = "tcp://broker.local:7"
  events = ["wake"]
  topic  = "house/#/${event.listener}"
}

mqtt "twin" { url = "tcp://broker.local:9" }
mqtt "twins" { url = "tcp://broker.local:9" }
