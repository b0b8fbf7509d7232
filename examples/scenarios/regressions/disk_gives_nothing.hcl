# A disk that gives nothing for some seconds: once when utterances wait and the process starts, once when they are to be read and
# delivered. What could not be read was set aside, or given up after ten seconds; now the disk is asked for two minutes.
#
#   orac sim examples/scenarios/regressions/disk_gives_nothing.hcl --seeds 1-20

scenario "disk_gives_nothing" {
  doc       = "Input and output errors that pass cost nothing that waits."
  runbook   = "../kitchen.hcl"
  for       = "12m"
  inference = "modelled"
}

sound "command" {
  at    = "20s"
  every = "20s"
  times = 12
}

fault "stt_down" "outage" {
  at  = "10s"
  for = "5m"
}

fault "kill" "with_a_full_spool" {
  at  = "150s"
  for = "2s"
}

fault "disk_error" "at_the_start" {
  at  = "151s"
  for = "15s"
}

fault "disk_error" "at_the_delivery" {
  at  = "5m8s"
  for = "40s"
}

sometimes "they_wait" {
  holds = waiting >= 5
}

expect "all_delivered" {
  holds = lost == 0 && duplicated == 0 && waiting == 0 && delivered == recorded && recorded >= 11
}
