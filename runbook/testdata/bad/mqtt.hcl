appliance "a" {}

mqtt "http" { url = "http://broker.local:1883" }

mqtt "no_port" { url = "tcp://broker.local" }

mqtt "open_secret" {
  url      = "tcp://broker.local:1883"
  username = "orac"
  password = "hush"
}

mqtt "half_a_login" {
  url      = "tcp://broker.local:1"
  username = "orac"
}

mqtt "plain_ca" {
  url = "tcp://broker.local:2"
  ca  = "ca.pem"
}

mqtt "ids" {
  url              = "tcp://broker.local:3"
  device_id        = "a b"
  base             = "orac/+"
  discovery_prefix = "#"
}

mqtt "orders" {
  url   = "tcp://broker.local:4"
  allow = ["mute", "shutdown"]
}

mqtt "no_events" {
  url   = "tcp://broker.local:5"
  topic = "a"
}

mqtt "broken_json" {
  url     = "tcp://broker.local:8"
  events  = ["transcript"]
  payload = "{\"text\": \"${event.text}\"}"
}
