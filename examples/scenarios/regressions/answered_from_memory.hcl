# Found by the swarm, seed 165: the disk became read-only in the middle of a command. The command was answered from memory, and the
# process was killed while the disk still let nothing be removed. The beginning of the command was an utterance at the next start,
# and went out at once, as if it were new.
#
# Nothing on such a disk can say that it was answered. So it is not lost, but it is sent late, and ORAC says that the service may
# act on it twice.

scenario "answered_from_memory" {
  doc       = "What a disk that can only be read has kept of an answered command is delivered with a warning, not as a new one."
  runbook   = "../kitchen.hcl"
  for       = "3m"
  inference = "modelled"
}

sound "command" {
  at      = "10s"
  command = "2s"
}

fault "disk_read_only" "in_the_middle" {
  at  = "11500ms"
  for = "12s"
}

fault "kill" "after_the_answer" {
  at  = "15s"
  for = "1s"
}

expect "announced" {
  holds = delivered == 1 && waiting == 0 && lost == 0 && boots == 2 && incidents >= 1
}
