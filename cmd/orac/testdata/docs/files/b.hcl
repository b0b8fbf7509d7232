scenario "first" {
  doc       = "The microphone is unplugged once."
  runbook   = "examples/scenarios/kitchen.hcl"
  for       = "10m"
  inference = "modelled"
}

sound "command" {
  at    = "20s"
  every = "30s"
}

fault "unplug" "pulled" {
  at  = "3m"
  for = "5s"
}

expect "nothing_lost" {
  holds = lost == 0 && health == "healthy"
}
