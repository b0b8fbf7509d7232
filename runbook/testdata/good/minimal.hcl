appliance "kitchen" {}
