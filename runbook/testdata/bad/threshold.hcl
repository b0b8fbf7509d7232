appliance "a" {}

model "m" {
  source    = "catalog:hey_jarvis"
  threshold = 0
}
