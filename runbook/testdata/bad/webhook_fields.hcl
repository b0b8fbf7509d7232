appliance "a" {}

webhook "other" {
  url    = "http://lights.local/${event.text}"
  events = ["wake", "recording"]
}
