# The time of day jumps: a machine without a battery asks the network for the time, or somebody sets it. Nothing that waits
# may wait for an hour, and nothing may be taken for stuck because it was an hour ago that it moved.
#
#   orac sim examples/scenarios/clock_jump.hcl

scenario "clock_jump" {
  doc       = "A clock that jumps, forwards and back, changes nothing."
  runbook   = "kitchen.hcl"
  for       = "40m"
  inference = "modelled"
}

sound "command" {
  at    = "30s"
  every = "1m"
}

fault "clock_jump" "forwards" {
  at = "5m"
  by = "1h"
}

fault "clock_jump" "back" {
  at   = "15m"
  by   = "2h"
  back = true
}

fault "clock_jump" "far" {
  at = "25m"
  by = "400d"
}

steady "calm" {
  holds = health == "healthy" && restarts == 0 && incidents == 0
}

expect "heard" {
  holds = missed == 0 && lost == 0 && duplicated == 0 && waiting == 0
}
