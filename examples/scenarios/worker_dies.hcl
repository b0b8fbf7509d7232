# The process that reads the microphone dies, again and again, while people speak without a pause. Half a word before the gap
# and half a word after it are no wake word: the networks begin anew with every process.
#
#   orac sim examples/scenarios/worker_dies.hcl --seeds 1-20

scenario "worker_dies" {
  doc       = "A capture process that dies is replaced within three seconds, and what is heard on both sides of the gap is not taken for one."
  runbook   = "kitchen.hcl"
  for       = "30m"
  inference = "modelled"
}

# That a device is restarted so often is an alert, and says nothing here.
change "watchdog" {
  restart_budget = 1000
}

sound "command" {
  at      = "5s"
  every   = "3s"
  jitter  = "1s"
  command = "0s"
}

fault "worker_kill" "mic" {
  at     = "10s"
  every  = "12s"
  jitter = "4s"
}

recovery "back" {
  after   = [fault.worker_kill.mic]
  recover = "3s"
}

expect "heard" {
  holds = missed == 0 && false_wakes == 0 && lost == 0 && duplicated == 0 && waiting == 0 && restarts > 100 && health == "healthy"
}
