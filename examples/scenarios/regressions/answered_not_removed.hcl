# A defect that the swarm found. A command was answered while the disk could not be written, so that its files stayed where they
# were; they were forgotten, and the next start took them for a command that nobody had answered: it was delivered once more.
# Now what could not be removed is removed when the disk is well again.
#
#   orac sim examples/scenarios/regressions/answered_not_removed.hcl

scenario "answered_not_removed" {
  doc       = "What was answered while the disk could not be written is not delivered again after the next start."
  runbook   = "../kitchen.hcl"
  for       = "3m"
  inference = "modelled"
}

sound "command" {
  at      = "20s"
  command = "3s"
}

# From the middle of an outage, in which the command is on the disk and waits, to after its delivery.
fault "stt_down" "away" {
  at  = "15s"
  for = "20s"
}

fault "disk_read_only" "remounted" {
  at  = "30s"
  for = "20s"
}

fault "kill" "later" {
  at  = "1m"
  for = "2s"
}

expect "once" {
  holds = recorded == 1 && delivered == 1 && lost == 0 && duplicated == 0 && waiting == 0 && boots == 2
}
