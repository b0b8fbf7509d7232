# Found by the swarm, seed 170: an utterance that was to be set aside while the disk was full was dropped. Now it waits until the
# disk accepts it, within the bounds of all that waits in memory.

scenario "refused_on_a_full_disk" {
  doc       = "What cannot be set aside on a full disk waits until it can, and holds nothing else up."
  runbook   = "../kitchen.hcl"
  for       = "5m"
  inference = "modelled"
}

sound "command" {
  at    = "20s"
  every = "30s"
}

fault "disk_full" "for_a_while" {
  at  = "15s"
  for = "100s"
}

fault "stt_empty" "whisper" {
  at  = "18s"
  for = "15s"
}

sometimes "it_waits_and_others_do_not" {
  holds = waiting == 1 && delivered >= 2
}

expect "set_aside" {
  holds = lost == 0 && duplicated == 0 && waiting == 0 && refused == 1 && delivered == recorded - 1
}
