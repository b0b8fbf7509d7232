# The time of day jumps: a machine without a battery asks the network for the time, or somebody sets it. Nothing that waits
# may wait for an hour, and nothing may be taken for stuck because it was an hour ago that it moved. The history is looked at once an
# hour for what is older than 30 days: a clock that is 400 days ahead makes nothing old (every run judges that: safety/history).
#
#   orac sim examples/scenarios/clock_jump.hcl

scenario "clock_jump" {
  doc       = "A clock that jumps, forwards and back, changes nothing."
  runbook   = "kitchen.hcl"
  for       = "122m"
  inference = "modelled"
}

sound "command" {
  at    = "30s"
  every = "2m"
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
  at = "65m"
  by = "400d"
}

steady "calm" {
  holds = health == "healthy" && restarts == 0 && incidents == 0
}

expect "heard" {
  holds = missed == 0 && lost == 0 && duplicated == 0 && waiting == 0
}
