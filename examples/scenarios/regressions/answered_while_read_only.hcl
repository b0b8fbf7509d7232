# Found by the swarm, seed 1: an utterance that was answered while the disk refused to let go of its files was an utterance again
# after the next start, and was delivered once more, half an hour later.

scenario "answered_while_read_only" {
  doc       = "What was answered while the disk could only be read is not delivered again after a restart."
  runbook   = "../kitchen.hcl"
  for       = "3m"
  inference = "modelled"
}

sound "command" {
  at      = "10s"
  command = "2s"
}

fault "disk_read_only" "at_its_end" {
  at  = "13600ms" # the recording is on the disk, the answer is about to come
  for = "10s"
}

fault "kill" "later" {
  at  = "40s"
  for = "1s"
}

expect "once" {
  holds = delivered == 1 && duplicated == 0 && waiting == 0 && boots == 2
}
