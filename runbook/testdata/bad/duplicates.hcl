appliance "a" {}

appliance "b" {}

model "m" {
  source = "catalog:a"
}

model "m" {
  source = "catalog:b"
}

locals {
  x = 1
}

locals {
  x = 2
  y {
  }
}

watchdog {}

watchdog {}

listener "l" {
  device = device.microphone.usb
  models = [model.m]
  record {}
  record {}
  recrod {}
  deliver {}
}

listener "m" {
  device = device.microphone.usb
  models = [model.m]
  record = {}
}

device "microphone" "usb" {
  nested {
  }
}
