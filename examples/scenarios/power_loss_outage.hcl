# Two commands are spoken while the speech-to-text server is away, and the power fails at every operation that changes the disk
# while they are recorded, while they wait, and while they are delivered: a run each. The first waits on the disk while the
# second is written, and what the spool calls safe must be there after the power was gone, all of it.
#
#   orac sim examples/scenarios/power_loss_outage.hcl

scenario "power_loss_outage" {
  doc       = "What waits on the disk survives a loss of power at any moment, to the last sample."
  runbook   = "kitchen.hcl"
  for       = "3m"
  heal      = "90s"
  inference = "modelled"
}

sound "command" {
  at      = "10s"
  every   = "10s"
  times   = 2
  command = "1s"
}

fault "stt_down" "away" {
  at  = "5s"
  for = "40s"
}

fault "power_loss" "each" {
  every_write = true
  for         = "5s"
}

expect "nothing_lost" {
  holds = lost == 0 && duplicated == 0 && waiting == 0
}
