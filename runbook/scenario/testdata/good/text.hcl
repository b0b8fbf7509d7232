scenario "text" {
  for  = "10m"
  text = <<-EOT
    appliance "a" {}
    device "microphone" "mic" {}
    model "m" { source = "catalog:hey_jarvis" }
    locals { word = "$${"x"}" }
    listener "l" {
      device = device.microphone.mic
      models = [model.m]
    }
  EOT
}

swarm {
  every = "1m"
}

steady "quiet" {
  holds = restarts == 0
}
