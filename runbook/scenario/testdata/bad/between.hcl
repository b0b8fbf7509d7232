scenario "bad" {
  runbook  = "kitchen.hcl"
  for      = "20m"
  heal     = "10m"
  backends = ["sim", "chaos"]
}

fault "kill" "late" {
  at = "10m"
}

fault "power_loss" "each" {
  every_write = true
}

swarm {
  every = "1s"
  from  = "11m"
}

sound "late" {
  at = "20m"
}

recovery "unknown" {
  kinds   = ["webhook_down"]
  detect  = "10s"
  recover = "3s"
}

steady "late" {
  holds = lost == 0
  from  = "1h"
}

flat "late" {
  tasks   = 0
  warm_up = "30m"
}
