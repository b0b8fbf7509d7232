appliance "kitchen" {}

web {
  metrics = "open"
}
