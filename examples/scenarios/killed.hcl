# Somebody kills the process, again and again, most often while something is said: kill -9, no chance to tidy up. What had been
# recorded by then is on the disk, and becomes an utterance at the next start.
#
#   orac sim examples/scenarios/killed.hcl --seeds 1-20

scenario "killed" {
  doc       = "A process that is killed while somebody speaks keeps what it had heard, and hears again within three seconds."
  runbook   = "kitchen.hcl"
  for       = "20m"
  inference = "modelled"
}

sound "command" {
  at      = "10s"
  every   = "12s"
  jitter  = "3s"
  command = "5s"
}

fault "kill" "by_hand" {
  at     = "30s"
  every  = "40s"
  jitter = "10s"
}

recovery "hears_again" {
  after   = [fault.kill.by_hand]
  from    = "end"
  recover = "3s"
}

expect "nothing_lost" {
  holds = missed == 0 && lost == 0 && duplicated == 0 && waiting == 0 && boots > 20 && health == "healthy"
}
