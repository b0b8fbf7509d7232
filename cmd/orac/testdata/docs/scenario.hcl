# What pieces of scenarios in the documents belong to.

scenario "document" {
  doc       = "The microphone is unplugged once."
  runbook   = "everything.hcl"
  for       = "1h"
  inference = "modelled"
}

sound "command" {
  at    = "20s"
  every = "30s"
}

fault "unplug" "mic" {
  at  = "2m"
  for = "5s"
}

expect "nothing_lost" {
  holds = lost == 0 && health == "healthy"
}
