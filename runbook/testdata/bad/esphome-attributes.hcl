appliance "kitchen" {}

esphome "home" {
  listen          = "6053"
  key             = "c2VjcmV0"
  device_name     = "Orac Kitchen"
  allow           = ["everything"]
  pre_roll        = "10s"
  max_connections = 1
}

esphome "both" {
  listen     = ":6054"
  accept_key = true

  unprotected_on_the_network = true
}
