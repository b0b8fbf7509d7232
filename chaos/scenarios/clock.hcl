# The time of day jumps, ahead and far back, while commands are spoken and a capture process stops.
#
#   orac chaos chaos/scenarios/clock.hcl
#   orac sim chaos/scenarios/clock.hcl --seeds 1-20

scenario "clock" {
  doc       = "A jump of the clock fires no watchdog, keeps none from firing, and loses no command."
  runbook   = "room.hcl"
  for       = "60s"
  heal      = "50s"
  inference = "modelled"
  backends  = ["sim", "chaos"]
}

sound "command" {
  at    = "3s"
  every = "7s"
}

fault "clock_jump" "ahead" {
  at = "8s"
  by = "1h"
}

fault "worker_stop" "first" {
  at = "14s"
}

fault "clock_jump" "back" {
  at   = "25s"
  by   = "2h"
  back = true
}

fault "worker_stop" "second" {
  at = "30s"
}

recovery "process" {
  kinds   = ["worker_stop"]
  detect  = "2500ms"
  recover = "3s"
}

expect "nothing_else" {
  holds = lost == 0 && duplicated == 0 && missed == 0 && false_wakes == 0 && restarts == 2 && incidents == 2 && open == 0
}
