# Thirty days in which nothing goes wrong: some commands a day, a radio now and then, quiet nights. A watchdog that barks at
# nothing would be worse than none.
#
#   orac sim examples/scenarios/quiet_month.hcl

scenario "quiet_month" {
  doc       = "A month without a fault: no watchdog reacts, nothing grows."
  runbook   = "kitchen.hcl"
  for       = "30d"
  inference = "modelled"
}

sound "command" {
  at     = "8h"
  every  = "2h"
  jitter = "90m"
}

sound "radio" {
  play   = "noise"
  level  = 2500
  at     = "9h"
  every  = "5h"
  jitter = "1h"
}

steady "calm" {
  holds = health == "healthy" && restarts == 0 && incidents == 0
  every = "10s"
}

steady "small" {
  doc   = "Normal operation takes less than 120 MB."
  holds = memory < 120 * 1000 * 1000
  every = "1m"
}

expect "heard" {
  holds = missed == 0 && false_wakes == 0 && lost == 0 && duplicated == 0 && waiting == 0 && boots == 1
}

flat "nothing_grows" {
  memory  = "4MiB"
  tasks   = 0
  warm_up = "1d"
}

limits {
  wall = "30m"
}
